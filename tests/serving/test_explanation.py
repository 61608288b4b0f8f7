"""A bundle that says why: its signature, alone and behind a server, and that its maps are those of the command."""

import base64
import functools
import io
import json
import subprocess
import sys
from dataclasses import replace

import httpx
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from imgcls.data.images.reading import read_images
from imgcls.explain.drawing.heat import heat_picture
from imgcls.explain.heatmaps import ALL_ZERO
from imgcls.models.classifier import judgement, judgement_models
from imgcls.serving.bundle import Bundle, load_bundle, write_bundle
from imgcls.serving.client import Client
from imgcls.serving.parity import Parity, Reference
from imgcls.serving.server.core import parts
from imgcls.workflow.export import explanation_graph, heat_maps
from imgcls.workflow.network_of import model_of_bundle, network_or_problem
from tests.serving.conftest import CLASS_NAMES, PREPROCESSING, exported, judge_pixels, models_of, serving

ALONE = """
import sys
sys.modules["keras"] = None
import numpy, tensorflow
model = tensorflow.saved_model.load(sys.argv[1])
data = tensorflow.constant([open(path, "rb").read() for path in sys.argv[3:]])
found = model.signatures["explanation"](image_bytes=data, class_name=tensorflow.fill(data.shape, ""))
numpy.savez(sys.argv[2], names=found["class"].numpy().astype(bytes), heat_map=found["heat_map"].numpy())
print("imgcls" in sys.modules)
"""


@pytest.fixture(scope="module", params=[pytest.param("plain", marks=pytest.mark.slow), "judged"])
def version(request, tmp_path_factory, images):
    """A bundle with an explanation, without and with a judgement."""
    model = request.getfixturevalue("classifier" if request.param == "plain" else "judged")
    models = judgement_models(model)
    judge = functools.partial(judge_pixels, models) if models else None
    classifier = replace(exported(model), explain=explanation_graph(model), network=network_or_problem(model))
    reference = Reference(model, images, judge, functools.partial(heat_maps, model))
    return write_bundle(tmp_path_factory.mktemp(request.param), "clothing", classifier, reference)


@pytest.fixture(scope="module")
def pixels(images):
    return np.stack([outcome.result for outcome in read_images(images, PREPROCESSING)])


@pytest.fixture(scope="module")
def loaded(version):
    return load_bundle(version)


def ask(loaded: Bundle, data: list[bytes], names: list[str] | None = None) -> dict[str, np.ndarray]:
    names = [""] * len(data) if names is None else names
    inputs = {"image_bytes": data, "class_name": [name.encode() for name in names]}
    return loaded.model.run("explanation", inputs)


@pytest.mark.thorough
def test_the_maps_are_those_of_the_command(loaded, classifier, images, pixels):
    names = [CLASS_NAMES[place % 10] for place in range(len(images))]
    found = ask(loaded, [path.read_bytes() for path in images], names)
    assert [name.decode() for name in found["class"]] == names
    expected = heat_maps(classifier, pixels, names)
    most = np.abs(expected).max((1, 2), keepdims=True)
    assert np.count_nonzero(most) > 10  # others speak against a class that is none
    np.testing.assert_allclose(found["heat_map"] / np.maximum(most, 1e-9), expected / np.maximum(most, 1e-9), atol=1e-4)
    problems = [problem.decode() for problem in found["problem"]]
    assert problems == ["" if each else ALL_ZERO for each in most[:, 0, 0]]
    probabilities = np.asarray(classifier(pixels, training=False))
    wanted = [row[CLASS_NAMES.index(name)] for row, name in zip(probabilities, names, strict=True)]
    np.testing.assert_allclose(found["probability"], wanted, atol=1e-5)


@pytest.mark.thorough
def test_without_a_class_the_likeliest_is_explained_and_drawn_as_the_command_draws_it(loaded, images, pixels):
    found = ask(loaded, [path.read_bytes() for path in images])
    first = [prediction.classes[0] for prediction in loaded(images)]
    assert [name.decode() for name in found["class"]] == first
    for png, each, values in zip(found["picture_bytes"], pixels, found["heat_map"], strict=True):
        expected = np.asarray(heat_picture(each, values, signed=False, title="").image, int)
        shown = np.asarray(Image.open(io.BytesIO(png)), int)
        assert shown.shape == (224, 224, 3)
        assert values.max() == 0 or np.mean(np.abs(shown - expected).max(-1) > 2) < 1e-3


def test_one_bad_image_and_one_unknown_class_fail_no_other(loaded, images):
    good = images[0].read_bytes()
    found = ask(loaded, [good, good[:100], good, b""], ["dress", "dress", "no such", ""])
    problems = [problem.decode() for problem in found["problem"]]
    assert problems[1:] == [
        "a damaged or truncated PNG file (100 bytes)",
        "the network knows no class 'no such'",
        "the file is empty (0 bytes)",
    ]
    assert problems[0] in ("", ALL_ZERO)
    assert [name.decode() for name in found["class"]] == ["dress", "", "", ""]
    assert [bool(png) for png in found["picture_bytes"]] == [True, False, False, False]
    assert not found["heat_map"][1:].any()
    assert not found["probability"][1:].any()


def test_a_batch_of_none_and_two_lengths(loaded, images):
    nothing = ask(loaded, [])
    assert nothing["heat_map"].shape == (0, 28, 28)
    assert nothing["class"].shape == nothing["problem"].shape == (0,)
    none_readable = ask(loaded, [b"", b"x"], ["dress", ""])
    assert not none_readable["heat_map"].any()
    with pytest.raises(tf.errors.InvalidArgumentError, match="class_name needs one text for each image"):
        ask(loaded, [images[0].read_bytes()], ["dress", "dress"])


@pytest.mark.thorough
def test_it_runs_without_imgcls(version, classifier, images, pixels, tmp_path):
    answer = tmp_path / "answer.npz"
    arguments = [sys.executable, "-c", ALONE, str(version), str(answer), *map(str, images)]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "False"
    with np.load(answer) as found:
        names = [name.decode() for name in found["names"]]
        expected = heat_maps(classifier, pixels, names)
        np.testing.assert_allclose(found["heat_map"], expected, atol=1e-4 * expected.max())


@pytest.mark.thorough
def test_it_runs_in_a_session_as_tensorflow_serving_runs_it(version, loaded, images):
    data = [images[0].read_bytes(), b"no image"]
    expected = ask(loaded, data)
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(version)).signature_def["explanation"]
        outputs = {name: info.name for name, info in signature.outputs.items()}
        inputs = {signature.inputs["image_bytes"].name: np.array(data, object)}
        found = session.run(outputs, {**inputs, signature.inputs["class_name"].name: np.array(["", ""], object)})
    np.testing.assert_allclose(found["heat_map"], expected["heat_map"], atol=1e-5)
    assert found["picture_bytes"].tolist() == expected["picture_bytes"].tolist()


def test_every_operation_is_one_of_tensorflow(version):
    """What `EagerPyFunc` and `PyFunc` call is no part of a SavedModel."""
    saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    used = {node.op for node in nodes} - {function.signature.name for function in graph.library.function}
    assert {"EncodePng", "ResizeBilinear"} <= used
    assert not {name for name in used if "PyFunc" in name or "Xla" in name}
    assert used <= set(dir(tf.raw_ops))


def test_what_the_bundle_says_of_it(version, images):
    details = json.loads((version / "assets" / "imgcls.json").read_text("utf-8"))
    assert details["explanation"]["method"] == "Grad-CAM"
    assert details["explanation"]["layer"].startswith("activation")
    assert 0 <= details["parity"]["heat_map_difference"] <= details["parity"]["heat_map_allowed"] == 1e-4
    assert details["signatures"]["explanation"]["outputs"]["heat_map"] == "float32 (None, 28, 28)"
    path = version / "assets.extra" / "tf_serving_warmup_requests"
    logs = [prediction_log_pb2.PredictionLog.FromString(r.numpy()) for r in tf.data.TFRecordDataset(str(path))]
    requests = [log.predict_log.request for log in logs if "class_name" in log.predict_log.request.inputs]
    assert [len(tf.make_ndarray(request.inputs["image_bytes"])) for request in requests] == [1, 8]


def test_other_maps_are_found_out():
    with pytest.raises(RuntimeError, match=r"heat maps .* differ from the run's by up to 2\.0e-04 of a map's maximum"):
        Parity(0.0, 10, heat_map_difference=2e-4).check("TensorFlow SavedModel")
    with pytest.raises(RuntimeError, match="nan"):
        Parity(0.0, 10, heat_map_difference=float("nan")).check("TensorFlow SavedModel")


def test_the_network_comes_back_with_its_judgement(version, request, pixels):
    again = model_of_bundle(version)
    outputs = load_bundle(version).model.run("outputs", {"pixels": pixels})
    np.testing.assert_allclose(again(pixels, training=False), outputs["probabilities"], atol=1e-5)
    assert (judgement(again) is None) == ("decision" not in outputs)
    for name, model in judgement_models(again).items():
        np.testing.assert_allclose(model(pixels, training=False), outputs[name], atol=1e-5)


def test_a_large_request_is_answered_in_parts_that_keep_image_and_class_together(loaded, images, monkeypatch):
    monkeypatch.setattr(parts, "NETWORK_PIXELS", 3 * 28 * 28)
    data = np.array([*(path.read_bytes() for path in images[:7]), b"no image"], object)
    names = np.array([name.encode() for name in CLASS_NAMES[:8]], object)
    inputs = {"class_name": names, "image_bytes": data}
    found = parts.run_in_parts(loaded.model, "explanation", inputs, parts.Limits())
    expected = loaded.model.run("explanation", inputs)
    assert found["class"].tolist() == expected["class"].tolist() == [*names[:7], b""]
    np.testing.assert_allclose(found["heat_map"], expected["heat_map"], atol=1e-5)


@pytest.mark.thorough
def test_a_server_and_its_client(version, loaded, images, tmp_path):
    wanted = [images[0], tmp_path / "missing.png", images[1], b"no image", *images[2:12]]
    data = [path.read_bytes() for path in images]
    with serving(models_of(version.parent)) as address:
        instances = [{"image_bytes": {"b64": base64.b64encode(data[0]).decode()}, "class_name": "väska"}]
        body = {"signature_name": "explanation", "instances": instances}
        row = httpx.post(f"{address}/v1/models/clothing:predict", json=body).json()["predictions"][0]
        with Client(address, "clothing") as client:
            found = client.explain(wanted)
            named = client.explain(images[:2], classes=["dress", ""])
            with pytest.raises(ValueError, match="1 classes for 2 images"):
                client.explain(images[:2], classes=["dress"])
    assert row["class"] == "väska"
    assert base64.b64decode(row["picture_bytes"]["b64"]).startswith(b"\x89PNG")
    assert np.shape(row["heat_map"]) == (28, 28)
    assert found[1].problem == "no such file or directory"
    assert found[3].problem
    assert (found[3].class_name, found[3].picture) == ("", b"")
    direct = ask(loaded, [data[0], data[1], *data[2:12]])
    readable = [found[place] for place in (0, 2, *range(4, 14))]
    for explanation, name, heat_map in zip(readable, direct["class"], direct["heat_map"], strict=True):
        assert explanation.class_name == name.decode()
        np.testing.assert_allclose(explanation.heat_map, heat_map, atol=1e-5)
        assert Image.open(io.BytesIO(explanation.picture)).size == (224, 224)
    assert named[0].class_name == "dress"
    assert named[1].class_name == found[2].class_name


def test_a_bundle_without_it_says_so(served_bundle, images):
    with (
        serving(served_bundle) as address,
        Client(address, "clothing") as client,
        pytest.raises(RuntimeError, match='"explanation" not found'),
    ):
        client.explain(images[:1])
