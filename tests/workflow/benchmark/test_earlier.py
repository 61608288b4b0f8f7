"""What a benchmark takes from the table of earlier ones."""

from dataclasses import replace

import pytest

from imgcls.progress import Progress
from imgcls.workflow.benchmark.earlier import Earlier, most_sure
from imgcls.workflow.benchmark.images import load_images
from imgcls.workflow.benchmark.measured_network import first_row
from imgcls.workflow.benchmark.network import RANDOM_WANTED
from imgcls.workflow.benchmark.request import BenchmarkRequest
from tests.workflow.benchmark.measured import PLAIN


def test_the_newest_row_is_taken_unless_it_has_fewer_rounds():
    newer, begun = replace(PLAIN, latency_ms=7.0), replace(PLAIN, rounds=2)
    assert most_sure([PLAIN, newer]) == {PLAIN.subject: newer}
    assert most_sure([PLAIN, begun]) == {PLAIN.subject: PLAIN}
    assert most_sure([begun, PLAIN]) == {PLAIN.subject: PLAIN}


def test_rows_without_a_figure_are_not_taken():
    nan = float("nan")
    assert most_sure([replace(PLAIN, latency_ms=nan), replace(PLAIN, accuracy=nan), replace(PLAIN, problem="no")]) == {}


@pytest.mark.parametrize(
    ("why", "weights", "left"),
    [
        ("Its weights cannot be had here: no network.", "auto", []),
        (RANDOM_WANTED, "auto", ["openvino"]),
        (RANDOM_WANTED, "none", []),
    ],
)
def test_random_weights_stand_for_published_ones_only_where_those_could_not_be_had(small_data, why, weights, left):
    request = BenchmarkRequest(str(small_data), models=("mobilenet_v2",), weights=weights, image_size=32)
    images = load_images(request, Progress())
    measured = replace(
        PLAIN,
        **{name: getattr(first_row(request, images, "mobilenet_v2", ""), name) for name in OF_THE_MACHINE},
        weights="none", why_random=why, image_size=32, rounds=99,
    )  # fmt: skip
    earlier = Earlier(request, {"openvino": PLAIN.engine_version})
    assert earlier.engines_left(images, "mobilenet_v2", [measured]) == left
    assert len(earlier.complete) == 1 - len(left)


OF_THE_MACHINE = ("machine", "imgcls", "tensorflow", "keras", "fingerprint", "model")


def test_random_weights_do_not_stand_for_those_that_are_here_now_nor_those_for_random_ones(
    small_data, tmp_path, monkeypatch
):
    request = BenchmarkRequest(str(small_data), models=("convnext_atto",), image_size=32)
    images = load_images(request, Progress())
    facts = {name: getattr(first_row(request, images, "convnext_atto", ""), name) for name in OF_THE_MACHINE}
    random = replace(PLAIN, **facts, weights="none", why_random="None are here.", image_size=32, rounds=99)
    trained = replace(random, weights="timm:convnext_atto.d2_in1k", why_random="")
    engines = {"openvino": PLAIN.engine_version}
    monkeypatch.delenv("IMGCLS_WEIGHTS", raising=False)
    assert Earlier(request, engines).engines_left(images, "convnext_atto", [trained]) == ["openvino"]
    monkeypatch.setenv("IMGCLS_WEIGHTS", str(tmp_path))
    (tmp_path / "convnext_atto.d2_in1k.safetensors").touch()
    assert Earlier(request, engines).engines_left(images, "convnext_atto", [random]) == ["openvino"]
    assert Earlier(request, engines).engines_left(images, "convnext_atto", [trained]) == []
