"""What TensorFlow Serving's own tests ask of half_plus_three and of a classifier, and what a bundle is asked."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from imgcls.data.images.decoding import UNKNOWN_FORMAT
from tests.serving.conftest import grpc_stubs, models_of, serving_grpc

INVALID, PRECONDITION = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION
NOT_FOUND, UNIMPLEMENTED = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED


@pytest.fixture(scope="module")
def half(half_plus_three):
    with serving_grpc(models_of(half_plus_three)) as place, grpc_stubs(place) as (predictions, _):
        yield predictions


@pytest.fixture(scope="module")
def classifier_of_examples(tmp_path_factory):
    """Classes and scores of half x plus two, as the official server's half_plus_two has them."""
    folder = tmp_path_factory.mktemp("models") / "half_plus_two"

    def classify(inputs):
        x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"]
        return {"scores": 0.5 * x + 2.0}

    module = tf.Module()
    module.call = tf.function(classify, input_signature=[tf.TensorSpec((None,), tf.string, "inputs")])
    tf.saved_model.save(module, str(folder / "123"), signatures={"classify_x_to_y": module.call})
    with serving_grpc(models_of(folder)) as place, grpc_stubs(place) as (predictions, _):
        yield predictions


@pytest.fixture(scope="module")
def clothing(served_bundle):
    with serving_grpc(served_bundle) as place, grpc_stubs(place) as (predictions, _):
        yield predictions


def predict_request(name="half_plus_three", values=(2.0,), dtype=tf.float32, **inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(list(values), dtype))
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def refusal_of(call, request) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call(request, 10)
    assert "\n" not in caught.value.details()
    return caught.value.code(), caught.value.details()


@pytest.mark.parametrize("output_filter", [[], ["y"]])
def test_predict(half, output_filter):
    request = predict_request()
    request.output_filter.extend(output_filter)
    response = half.Predict(request, 10)
    assert response.outputs["y"].dtype == tf.float32.as_datatype_enum
    assert list(response.outputs["y"].float_val) == [4.0]
    spec = response.model_spec
    assert (spec.name, spec.signature_name, spec.version.value) == ("half_plus_three", "serving_default", 123)


def test_predict_by_version_and_signature(half):
    request = predict_request(values=(1.0, 2.0, 5.0))
    request.model_spec.version.value = 123
    request.model_spec.signature_name = "serving_default"
    assert tf.make_ndarray(half.Predict(request, 10).outputs["y"]).tolist() == [3.5, 4.0, 5.5]


def changed(change):
    request = predict_request()
    change(request)
    return request


@pytest.mark.parametrize(
    ("request_", "code", "why"),
    [
        (predict_pb2.PredictRequest(), INVALID, "Missing ModelSpec"),
        (predict_request(""), INVALID, "ModelSpec has no name specified."),
        (predict_request("other"), NOT_FOUND, "Servable not found for request: Latest(other)"),
        (
            changed(lambda r: setattr(r.model_spec.version, "value", 9)),
            NOT_FOUND,
            "Servable not found for request: Specific(half_plus_three, 9)",
        ),
        (
            changed(lambda r: setattr(r.model_spec, "version_label", "canary")),
            INVALID,
            "Unrecognized servable version label: canary",
        ),
        (
            changed(lambda r: setattr(r.model_spec, "signature_name", "classify")),
            PRECONDITION,
            'Serving signature key "classify" not found.',
        ),
        (
            changed(lambda r: r.inputs.pop("x")),
            INVALID,
            "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.",
        ),
        (
            predict_request(z=[1.0]),
            INVALID,
            "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. "
            "Missing but required: {}.",
        ),
        (
            predict_request(values=(b"2",), dtype=tf.string),
            INVALID,
            "Expects x to be float32 but string is provided",
        ),
        (
            changed(lambda r: r.output_filter.append("z")),
            INVALID,
            "output tensor alias not found in signature: z Outputs expected to be in the set {y}.",
        ),
        (changed(lambda r: r.output_filter.extend("yy")), INVALID, "duplicate output tensor alias: y"),
    ],
)
def test_refused_as_the_official_server_does(half, request_, code, why):
    assert refusal_of(half.Predict, request_) == (code, why)


def test_a_wrong_shape_is_refused_without_names_of_the_graph(clothing):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "clothing", "pixels"
    request.inputs["pixels"].CopyFrom(tf.make_tensor_proto(np.zeros((1, 3, 3, 1), np.float32)))
    code, why = refusal_of(clothing.Predict, request)
    assert code == INVALID
    assert why.startswith("Shape of tensor pixels [1,3,3,1] is not compatible with")
    assert not set("{}") & set(why)
    assert "Op:" not in why


def test_pictures_get_the_classes_of_the_bundle_and_a_broken_one_its_problem(clothing, bundle, images):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "clothing"
    contents = [path.read_bytes() for path in images[:3]]
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([*contents, b"no image"]))
    outputs = {name: tf.make_ndarray(value) for name, value in clothing.Predict(request, 30).outputs.items()}
    for row, expected in enumerate(bundle(contents)):
        assert [name.decode() for name in outputs["classes"][row]] == expected.classes
        np.testing.assert_allclose(outputs["probabilities"][row], expected.probabilities, atol=1e-5)
    assert [problem.decode() for problem in outputs["problem"]] == ["", "", "", UNKNOWN_FORMAT]


def test_pictures_in_every_form_of_a_message(clothing, images):
    """Strings that are left out are empty; those that TensorFlow in C++ packs have their lengths first."""
    data = images[0].read_bytes()
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "clothing"
    sent = request.inputs["image_bytes"]
    sent.CopyFrom(tf.make_tensor_proto([data]))
    [expected] = tf.make_ndarray(clothing.Predict(request, 30).outputs["classes"])
    sent.string_val.clear()
    assert list(clothing.Predict(request, 30).outputs["problem"].string_val) == [b"the file is empty (0 bytes)"]
    sent.tensor_content = bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + data
    [found] = tf.make_ndarray(clothing.Predict(request, 30).outputs["classes"])
    assert found.tolist() == expected.tolist()


def test_metadata(half):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "half_plus_three"
    response = half.GetModelMetadata(request, 10)
    assert (response.model_spec.name, response.model_spec.version.value) == ("half_plus_three", 123)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def["serving_default"].outputs) == {"y"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ([], "GetModelMetadataRequest must specify at least one metadata_field"),
        (["graph"], "Metadata field graph is not supported"),
    ],
)
def test_metadata_that_there_is_not(half, fields, why):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = "half_plus_three"
    assert refusal_of(half.GetModelMetadata, request) == (INVALID, why)


def classify_request(name="half_plus_two", signature="classify_x_to_y", values=(2.0,)):
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    for value in values:
        example = request.input.example_list.examples.add()
        example.features.feature["x"].float_list.value.append(value)
    return request


def test_classify(classifier_of_examples):
    response = classifier_of_examples.Classify(classify_request(values=(2.0, 4.0)), 10)
    assert [[each.score for each in row.classes] for row in response.result.classifications] == [[3.0], [4.0]]
    assert response.result.classifications[0].classes[0].label == ""
    assert response.model_spec.version.value == 123


def test_features_of_the_context_go_into_each_example(classifier_of_examples):
    request = classify_request(values=())
    given = request.input.example_list_with_context
    given.context.features.feature["x"].float_list.value.append(6.0)
    given.examples.add()
    response = classifier_of_examples.Classify(request, 10)
    assert response.result.classifications[0].classes[0].score == 5.0


def test_classify_is_refused_where_no_signature_takes_examples(classifier_of_examples, half, clothing):
    nothing = classify_request(values=())
    assert refusal_of(classifier_of_examples.Classify, nothing) == (INVALID, "Input is empty.")
    unknown = classify_request("half_plus_three")
    assert refusal_of(half.Classify, unknown) == (INVALID, "No signature was found with the name: classify_x_to_y")
    code, why = refusal_of(half.Classify, classify_request("half_plus_three", ""))
    assert code == PRECONDITION
    assert why.startswith("No classification inputs found in SignatureDef")
    pictures = classify_request("clothing", "")
    assert refusal_of(clothing.Classify, pictures) == (INVALID, "Expected one or two output Tensors, found 3")


def test_regress_is_refused(half, clothing):
    request = regression_pb2.RegressionRequest()
    request.model_spec.name = "clothing"
    assert refusal_of(clothing.Regress, request) == (INVALID, "Expected one output Tensor.")
    request.model_spec.name = "half_plus_three"
    assert refusal_of(half.Regress, request)[0] == UNIMPLEMENTED


def test_several_at_once_are_refused(half):
    request = inference_pb2.MultiInferenceRequest()
    assert refusal_of(half.MultiInference, request)[0] == INVALID
    task = request.tasks.add(method_name="tensorflow/serving/predict")
    task.model_spec.name = "half_plus_three"
    why = "Unsupported signature method_name: tensorflow/serving/predict"
    assert refusal_of(half.MultiInference, request) == (UNIMPLEMENTED, why)
    task.model_spec.signature_name = "other"
    assert refusal_of(half.MultiInference, request)[1] == "Requested signature not found in model graph: other"
