"""Large requests are refused, and what is not is worked off in parts of bounded size."""

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from imgcls.image_files import MOST_PIXELS
from imgcls.serving.server.core.parts import NETWORK_PIXELS, Limits, network_size, parts, run_in_parts
from imgcls.serving.server.request_error import RequestError
from imgcls.serving.server.rest.rest_api import answer
from tests.serving.conftest import limited, models_of
from tests.serving.server.core.test_announced import png

PREDICT = "/v1/models/clothing:predict"


def instances(images: list[bytes]) -> bytes:
    return json.dumps({"instances": [{"b64": base64.b64encode(image).decode()} for image in images]}).encode()


@pytest.fixture
def runs(served_bundle, monkeypatch) -> list[int]:
    """How many images each call of the model got."""
    model = served_bundle.find("clothing").model
    real, counts = model.run, []

    def run(signature, inputs):
        counts.append(len(next(iter(inputs.values()))))
        return real(signature, inputs)

    monkeypatch.setattr(model, "run", run)
    return counts


@pytest.mark.parametrize(
    ("announced", "seen", "sizes"),
    [
        ([], 784, [0]),
        ([1] * 33, 224 * 224, [32, 1]),
        ([1] * 5, 2 * NETWORK_PIXELS, [1] * 5),
        ([MOST_PIXELS] * 3, 784, [1, 1, 1]),
        ([MOST_PIXELS // 2] * 5, 784, [2, 2, 1]),
        ([12_000_000] * 20, 784, [8, 8, 4]),
        ([0] * 3000, 784, [2048, 952]),
    ],
)
def test_parts_are_bounded_by_what_is_announced_and_by_what_the_network_sees(announced, seen, sizes):
    found = list(parts(announced, seen))
    assert [part.stop - part.start for part in found] == sizes
    assert (found[0].start, found[-1].stop) == (0, len(announced))
    assert all(before.stop == after.start for before, after in pairwise(found))


@pytest.mark.thorough
def test_the_answers_of_parts_are_those_of_the_whole(served_bundle, images, runs, monkeypatch):
    model = served_bundle.find("clothing").model
    data = [path.read_bytes() for path in images] * 2
    data[7] = b"no image"
    for signature, name, values in (
        ("serving_default", "image_bytes", np.array(data, object)),
        ("embedding", "image_bytes", np.array(data, object)),
        ("pixels", "pixels", np.random.default_rng(0).uniform(0, 255, (40, 28, 28, 1)).astype(np.float32)),
    ):
        whole = model.run(signature, {name: values})
        runs.clear()
        with monkeypatch.context() as small:
            small.setattr("imgcls.serving.server.core.parts.NETWORK_PIXELS", 6 * 28 * 28)
            found = run_in_parts(model, signature, {name: values}, Limits())
        assert runs == [6] * 6 + [4]
        assert found.keys() == whole.keys()
        for key, expected in whole.items():
            if expected.dtype == object:
                assert found[key].tolist() == expected.tolist()
            else:
                np.testing.assert_allclose(found[key], expected, atol=1e-5)


def test_large_images_are_decoded_one_part_at_a_time_over_all_requests(served_bundle, images, monkeypatch):
    model = served_bundle.find("clothing").model
    real, at_work, seen = model.run, [], []

    def run(signature, inputs):
        at_work.append(1)
        seen.append(len(at_work))
        found = real(signature, inputs)
        at_work.pop()
        return found

    monkeypatch.setattr(model, "run", run)
    monkeypatch.setattr("imgcls.serving.server.core.parts.LARGE", 28 * 28 - 1)
    body = instances([images[0].read_bytes()])
    with ThreadPoolExecutor(4) as callers:
        list(callers.map(lambda _: answer(served_bundle, "POST", PREDICT, body), range(40)))
    assert set(seen) == {1}
    assert 40 <= len(seen) <= 80  # images to pixels, and those through the network; both in one where nobody else asks


def test_too_many_images_are_refused_before_they_are_unpacked(served_bundle, runs):
    one = {"b64": "AA=="}
    bodies = [
        {"instances": [one] * 1001},
        {"inputs": [one] * 1001},
        {"inputs": {"image_bytes": [one] * 1001}},
        {"signature_name": "pixels", "instances": [0] * 1001},
    ]
    for body in bodies:
        with pytest.raises(RequestError, match="Task size 1001 is larger than maximum input batch size 1000") as caught:
            answer(served_bundle, "POST", PREDICT, json.dumps(body).encode())
        assert caught.value.status == 400
        assert "--max-instances" in caught.value.message
    assert runs == []
    assert len(json.loads(answer(served_bundle, "POST", PREDICT, instances([b""] * 1000)))["predictions"]) == 1000


def test_too_many_pixels_are_refused_be_they_announced_or_seen(served_bundle, images, runs):
    file = io.BytesIO()
    Image.new("L", (1000, 1000)).save(file, "PNG")
    for limits, data in ((Limits(pixels=1_999_999), [file.getvalue()] * 2), (Limits(pixels=1567), [b"\x89PNG"] * 2)):
        with pytest.raises(
            RequestError, match=r"megapixels in 2 images, and this server takes .*--max-request-mega"
        ) as caught:
            answer(limited(served_bundle, limits), "POST", PREDICT, instances(data))
        assert caught.value.status == 413
    pixels = {"signature_name": "pixels", "instances": np.zeros((3, 28, 28, 1)).tolist()}
    with pytest.raises(RequestError, match=r"0\.002352 megapixels in 3 images, and this server takes 0\.001568\."):
        answer(limited(served_bundle, Limits(pixels=2 * 784)), "POST", PREDICT, json.dumps(pixels).encode())
    assert runs == []
    answer(limited(served_bundle, Limits(pixels=2_000_000)), "POST", PREDICT, instances([file.getvalue()] * 2))


def test_a_little_too_many_pixels_do_not_read_like_the_limit(served_bundle):
    limits = Limits(pixels=1_000_000)
    with pytest.raises(
        RequestError, match=r"^The request has 1\.001 megapixels in 1 image, and this server takes 1\. "
    ):
        answer(limited(served_bundle, limits), "POST", PREDICT, instances([png(1001, 1000)]))


def test_one_image_that_announces_too_much_does_not_fail_the_others(served_bundle, images, runs):
    bomb = png(30_000, 30_000)
    data = [images[0].read_bytes(), bomb, images[1].read_bytes()]
    found = json.loads(answer(served_bundle, "POST", PREDICT, instances(data)))["predictions"]
    reason = "a header that announces 900,000,000 pixels, above the limit of 100,000,000 pixels; nothing was decoded"
    assert [row["problem"] for row in found] == ["", reason, ""]
    assert found[1]["probabilities"] == [0.0] * 10
    alone = json.loads(answer(served_bundle, "POST", PREDICT, instances(data[2:])))["predictions"][0]
    assert found[2]["classes"] == alone["classes"]
    np.testing.assert_allclose(found[2]["probabilities"], alone["probabilities"], atol=1e-5)


@pytest.mark.parametrize(
    "body", [{"inputs": {"b64": ""}}, {"inputs": [[{"b64": ""}]]}, {"signature_name": "pixels", "inputs": 1.0}]
)
def test_a_tensor_of_another_rank_is_the_callers_fault(served_bundle, body):
    with pytest.raises(RequestError) as caught:
        answer(served_bundle, "POST", PREDICT, json.dumps(body).encode())
    assert caught.value.status == 400


def test_a_model_that_is_no_bundle_gets_its_batch_as_it_is(half_plus_three):
    served = models_of(half_plus_three, Limits(10, 10, 10))
    model = served.find("half_plus_three").model
    assert network_size(model) is None
    body = json.dumps({"instances": [1.0] * 5000}).encode()
    found = json.loads(answer(served, "POST", "/v1/models/half_plus_three:predict", body))
    assert found["predictions"] == [3.5] * 5000
