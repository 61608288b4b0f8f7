"""The calls of TensorFlow Serving's document "RESTful API", without a network between."""

import base64
import json

import numpy as np
import pytest
import tensorflow as tf

from imgcls.serving.server.request_error import RequestError
from imgcls.serving.server.rest.rest_api import answer
from tests.serving.conftest import models_of

PREDICT = "/v1/models/half_plus_three:predict"


@pytest.fixture(scope="module")
def half(half_plus_three):
    return models_of(half_plus_three)


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """A model with a signature that takes tf.train.Example and gives classes and scores."""
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, "inputs")])
    def classify(inputs):
        features = {"text": tf.io.FixedLenFeature([], tf.string), "weight": tf.io.FixedLenFeature([], tf.float32)}
        parsed = tf.io.parse_example(inputs, features)
        classes = tf.stack([tf.strings.substr(parsed["text"], 0, 1), tf.strings.lower(parsed["text"])], 1)
        return {"classes": classes, "scores": tf.stack([parsed["weight"], 1.0 - parsed["weight"]], 1)}

    folder = tmp_path_factory.mktemp("models") / "letters" / "1"
    tf.saved_model.save(module, str(folder), signatures={"classify": classify})
    return models_of(folder)


def get(served, path):
    return json.loads(answer(served, "GET", path, b""))


def post(served, path, body):
    return json.loads(answer(served, "POST", path, json.dumps(body).encode()))


def test_status(half):
    available = {"version": "123", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert get(half, "/v1/models/half_plus_three") == {"model_version_status": [available]}
    assert get(half, "/v1/models/half_plus_three/versions/123") == {"model_version_status": [available]}
    assert get(half, "/v1/models/half_plus_three/labels/stable") == {"model_version_status": [available]}  # as it does


def test_metadata(half):
    found = get(half, "/v1/models/half_plus_three/metadata")
    assert found["model_spec"] == {"name": "half_plus_three", "signature_name": "", "version": "123"}
    signature = found["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert signature["inputs"]["x"]["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}


@pytest.mark.parametrize("path", [PREDICT, PREDICT.replace(":", "/versions/123:"), PREDICT.replace("half", "%68alf")])
def test_predict(half, path):
    assert post(half, path, {"instances": [1.0, 2.0, 5.0]}) == {"predictions": [3.5, 4.0, 5.5]}
    assert post(half, path, {"inputs": {"x": [1.0]}}) == {"outputs": [3.5]}
    assert post(half, path, {"signature_name": "serving_default", "inputs": [1.0]}) == {"outputs": [3.5]}


def test_several_outputs_have_names(served_bundle, images):
    b64 = [{"b64": base64.b64encode(path.read_bytes()).decode()} for path in images[:2]]
    rows = post(served_bundle, "/v1/models/clothing:predict", {"instances": [{"image_bytes": item} for item in b64]})
    assert [set(row) for row in rows["predictions"]] == [{"classes", "probabilities", "problem"}] * 2
    columns = post(served_bundle, "/v1/models/clothing:predict", {"inputs": [*b64, {"b64": ""}]})["outputs"]
    assert columns["classes"][0] == rows["predictions"][0]["classes"]
    assert columns["problem"] == ["", "", "the file is empty (0 bytes)"]
    np.testing.assert_allclose(columns["probabilities"][1], rows["predictions"][1]["probabilities"], atol=1e-5)
    empty = post(served_bundle, "/v1/models/clothing:predict", {"inputs": []})
    assert empty == {"outputs": {"classes": [], "probabilities": [], "problem": []}}


def test_classify(letters):
    body = {"signature_name": "classify", "context": {"weight": 0.25}, "examples": [{"text": "Ab"}, {"text": ["Cd"]}]}
    assert post(letters, "/v1/models/letters:classify", body) == {
        "results": [[["A", 0.25], ["ab", 0.75]], [["C", 0.25], ["cd", 0.75]]]
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("POST", "/v1/models/half:predict", {"instances": [1.0]}, 404, "Servable not found for request: Latest(half)"),
        ("POST", PREDICT.replace(":", "/versions/7:"), {"instances": [1.0]}, 404,
         "Servable not found for request: Specific(half_plus_three, 7)"),
        ("POST", PREDICT.replace(":", "/labels/stable:"), {}, 400, "Unrecognized servable version label: stable"),
        ("POST", PREDICT, {"signature_name": "other", "instances": [1]}, 400,
         'Serving signature name: "other" not found in signature def'),
        ("POST", "/v1/models/half_plus_three:explain", {}, 400,
         "Malformed request: POST /v1/models/half_plus_three:explain"),
        ("POST", PREDICT.replace(":", f"/versions/{2**63}:"), {"instances": [1.0]}, 400,
         f"Failed to convert version: {2**63} to numeric."),
        ("GET", f"/v1/models/half_plus_three/versions/{'9' * 5000}", {}, 400, "to numeric."),
        ("GET", f"/v1/models/half_plus_three/versions/{2**63 - 1}", {}, 404,
         f"Could not find version {2**63 - 1} of model half_plus_three"),
        ("GET", "/v1/models/half_plus_three/labels/stable/metadata", {}, 400,
         "Unrecognized servable version label: stable"),
        ("GET", "/v1/models/half/labels/stable", {}, 404, "Could not find any versions of model half"),
        ("POST", f"{PREDICT}?a=b", {"instances": [1.0]}, 400, f"Malformed request: POST {PREDICT}?a=b"),
        ("GET", "/v1/models/half_plus_three?a=b", {}, 404, "Could not find any versions of model half_plus_three?a=b"),
        ("GET", PREDICT, {}, 400, f"Malformed request: GET {PREDICT}"),
        ("GET", "/v1/models", {}, 400, "Missing model name in request."),
        ("GET", "/v1/models/half", {}, 404, "Could not find any versions of model half"),
        ("GET", "/v1/models/half_plus_three/versions/7", {}, 404, "Could not find version 7 of model half_plus_three"),
        ("GET", "/v1/models/half/metadata", {}, 404, "Servable not found for request: Latest(half)"),
        ("GET", "/", {}, 404, "Nothing is served at /. Try /v1/models/half_plus_three"),
        ("POST", PREDICT.replace("predict", "classify"), {"examples": [{"x": 1}]}, 400,
         "No classification inputs found in SignatureDef"),
        ("POST", PREDICT.replace("predict", "classify"), {"instances": [1]}, 400,
         "When method is classify, key 'examples' is expected and was not found"),
        ("POST", PREDICT.replace("predict", "regress"), {"examples": [{"x": 1.0}]}, 501, "does not answer regress"),
    ],
)  # fmt: skip
def test_refusals(half, method, path, body, status, message):
    with pytest.raises(RequestError) as caught:
        answer(half, method, path, json.dumps(body).encode())
    assert message in caught.value.message
    assert caught.value.status == status


def test_a_bundle_does_not_classify_examples(served_bundle):
    with pytest.raises(RequestError, match="Expected one or two output Tensors, found 3"):
        post(served_bundle, "/v1/models/clothing:classify", {"examples": [{"image_bytes": "x"}]})


def test_tensors_that_do_not_fit_are_the_callers_fault(served_bundle):
    with pytest.raises(RequestError, match="not compatible with expected shape") as caught:
        post(served_bundle, "/v1/models/clothing:predict", {"signature_name": "pixels", "instances": [[[[1.0]]]]})
    assert caught.value.status == 400
