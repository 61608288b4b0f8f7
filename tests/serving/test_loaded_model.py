"""A SavedModel of any make."""

import httpx
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from imgcls.serving.loaded_model import LoadedModel
from tests.serving.conftest import grpc_stubs, models_of, serving, serving_grpc


@pytest.fixture(scope="module")
def greeter(tmp_path_factory):
    """A model that answers with one string, and no rows."""
    folder = tmp_path_factory.mktemp("models") / "greeter"
    module = tf.Module()
    module.call = tf.function(
        lambda x: {"problem": tf.strings.join(["hello ", x]), "length": tf.strings.length(x)},
        input_signature=[tf.TensorSpec((), tf.string, "x")],
    )
    tf.saved_model.save(module, str(folder / "1"), signatures=module.call)
    return folder


def test_a_single_string_is_an_array_too(greeter):
    outputs = LoadedModel(greeter / "1").run("serving_default", {"x": b"you\0"})
    assert {name: (array.shape, array.dtype) for name, array in outputs.items()} == {
        "problem": ((), object),
        "length": ((), "int32"),
    }
    assert outputs["problem"].item() == b"hello you\0"


def test_a_single_string_is_answered_over_both_interfaces(greeter):
    models = models_of(greeter)
    with serving(models) as address:
        answered = httpx.post(f"{address}/v1/models/greeter:predict", json={"inputs": "you"}, timeout=60)
    assert answered.json() == {"outputs": {"length": 3, "problem": "hello you"}}
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "greeter"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto("you"))
    with serving_grpc(models) as place, grpc_stubs(place) as (predictions, _):
        outputs = predictions.Predict(request, 60).outputs
    assert list(outputs["problem"].string_val) == [b"hello you"]
    assert not outputs["problem"].tensor_shape.dim
