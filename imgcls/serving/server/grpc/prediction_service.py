"""TensorFlow Serving's gRPC service PredictionService.

Predict           tensors in, tensors out; `output_filter` names those that are sent
GetModelMetadata  the signatures
Classify          where a signature takes tf.train.Example
Regress, MultiInference    refused, as the official server refuses them for such a model
"""

from collections.abc import Mapping, Sequence

import grpc
import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    input_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)
from tensorflow_serving.apis.model_pb2 import ModelSpec

from imgcls.serving.server import regression
from imgcls.serving.server.classification import INPUT, LABELS, SCORES, check_signature
from imgcls.serving.server.core.answer_size import check_answer
from imgcls.serving.server.core.models import Models, ServedVersion
from imgcls.serving.server.core.parts import network_size
from imgcls.serving.server.grpc.calls import Calls, model_spec
from imgcls.serving.server.grpc.tensor_messages import read_inputs, write_tensor
from imgcls.serving.server.request_error import NOT_IMPLEMENTED, PreconditionError, RequestError
from imgcls.serving.warmup import DEFAULT_SIGNATURE

SIGNATURES = "signature_def"  # the one field of metadata that there is
CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"  # methods of a task


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]  # has no types
    """The calls of the service, one a method.

    Args:
        models: What is served.
        most_bytes: Of a message.
        most_seconds: That one call may take; None for no limit but the caller's.
    """

    def __init__(self, models: Models, most_bytes: int, most_seconds: float | None = None) -> None:
        self._calls, self._most_bytes = Calls(models, most_seconds), most_bytes

    def Predict(
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        """Tensors in, tensors out."""
        name = request.model_spec.name
        return self._calls.answer(
            "Predict", name, context, lambda: self._predict(request, self._calls.seconds_left(context))
        )

    def GetModelMetadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """The signatures."""
        return self._calls.answer("GetModelMetadata", request.model_spec.name, context, lambda: self._metadata(request))

    def Classify(
        self, request: classification_pb2.ClassificationRequest, context: grpc.ServicerContext
    ) -> classification_pb2.ClassificationResponse:
        """Examples in, labels and scores out."""
        name = request.model_spec.name
        return self._calls.answer(
            "Classify", name, context, lambda: self._classify(request, self._calls.seconds_left(context))
        )

    def Regress(
        self, request: regression_pb2.RegressionRequest, context: grpc.ServicerContext
    ) -> regression_pb2.RegressionResponse:
        """Refused: a classifier has no signature for it."""
        return self._calls.answer("Regress", request.model_spec.name, context, lambda: self._regress(request))

    def MultiInference(
        self, request: inference_pb2.MultiInferenceRequest, context: grpc.ServicerContext
    ) -> inference_pb2.MultiInferenceResponse:
        """Refused: it asks several signatures that classify or regress."""
        name = request.tasks[0].model_spec.name if request.tasks else ""
        return self._calls.answer("MultiInference", name, context, lambda: self._several(request))

    def _predict(self, request: predict_pb2.PredictRequest, seconds: float | None) -> predict_pb2.PredictResponse:
        model = self._calls.find(request)
        signature = request.model_spec.signature_name or DEFAULT_SIGNATURE
        if signature not in model.signature_defs:
            raise PreconditionError(f'Serving signature key "{signature}" not found.')
        definition = model.signature_defs[signature]
        inputs = read_inputs(request.inputs, definition)
        wanted = _wanted(request.output_filter, definition)
        if network_size(model.model):
            check_answer({name: definition.outputs[name] for name in wanted}, inputs, self._most_bytes)
        outputs = model.run(signature, inputs, seconds)
        response = predict_pb2.PredictResponse(model_spec=_answered(model, signature))
        for name in wanted:
            write_tensor(response.outputs[name], outputs[name])
        return response

    def _metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        model_spec(request)
        if not request.metadata_field:
            raise RequestError("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != SIGNATURES:
                raise RequestError(f"Metadata field {field} is not supported")
        model = self._calls.find(request)
        response = get_model_metadata_pb2.GetModelMetadataResponse(model_spec=_answered(model))
        signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=model.signature_defs)
        response.metadata[SIGNATURES].Pack(signatures)
        return response

    def _classify(
        self, request: classification_pb2.ClassificationRequest, seconds: float | None
    ) -> classification_pb2.ClassificationResponse:
        model = self._calls.find(request)
        signature = request.model_spec.signature_name or DEFAULT_SIGNATURE
        check_signature(_definition(model, signature))
        examples = np.array(_examples(request.input), object)
        outputs = model.run(signature, {INPUT: examples}, seconds)
        response = classification_pb2.ClassificationResponse(model_spec=_answered(model, signature))
        _write_classes(response.result, outputs, len(examples))
        return response

    def _regress(self, request: regression_pb2.RegressionRequest) -> regression_pb2.RegressionResponse:
        model = self._calls.find(request)
        regression.refuse(_definition(model, request.model_spec.signature_name or DEFAULT_SIGNATURE))

    def _several(self, request: inference_pb2.MultiInferenceRequest) -> inference_pb2.MultiInferenceResponse:
        if not request.tasks:
            raise RequestError("Inference request must have at least one task.")
        for task in request.tasks:
            model = self._calls.find(task)
            signature = task.model_spec.signature_name or DEFAULT_SIGNATURE
            if signature not in model.signature_defs:
                raise RequestError(f"Requested signature not found in model graph: {signature}")
            if task.method_name == CLASSIFY:
                check_signature(model.signature_defs[signature])
            elif task.method_name == REGRESS:
                regression.refuse(model.signature_defs[signature])
            else:
                raise RequestError(f"Unsupported signature method_name: {task.method_name}", NOT_IMPLEMENTED)
        raise RequestError("This server answers Classify for each signature, and not MultiInference.", NOT_IMPLEMENTED)


def _wanted(output_filter: Sequence[str], definition: SignatureDef) -> list[str]:
    """The outputs that a request asks for, which are all if it names none."""
    for name in output_filter:
        if name not in definition.outputs:
            raise RequestError(
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {{{','.join(sorted(definition.outputs))}}}."
            )
        if list(output_filter).count(name) > 1:
            raise RequestError(f"duplicate output tensor alias: {name}")
    return list(output_filter) or sorted(definition.outputs)


def _definition(model: ServedVersion, signature: str) -> SignatureDef:
    if signature not in model.signature_defs:
        raise RequestError(f"No signature was found with the name: {signature}")
    return model.signature_defs[signature]


def _answered(model: ServedVersion, signature: str = "") -> ModelSpec:
    """What a response says of who gave it."""
    spec = ModelSpec(name=model.name, signature_name=signature)
    spec.version.value = model.version
    return spec


def _examples(given: input_pb2.Input) -> list[bytes]:
    """The serialised examples of a request. The features of its context go into each."""
    kind = given.WhichOneof("kind")
    examples = getattr(given, kind).examples if kind else []
    if not examples:
        raise RequestError("Input is empty.")
    context = given.example_list_with_context.context.SerializeToString()  # joined messages are merged ones
    return [context + example.SerializeToString() for example in examples]


def _write_classes(
    result: classification_pb2.ClassificationResult, outputs: Mapping[str, np.ndarray], count: int
) -> None:
    """Fill in labels and scores; a signature has one of them at least."""
    for name in (LABELS, SCORES):
        if name in outputs and (outputs[name].ndim != 2 or len(outputs[name]) != count):
            raise RequestError(f"Expected Tensor shape: [batch_size num_classes] but got {list(outputs[name].shape)}")
    columns = outputs[LABELS if LABELS in outputs else SCORES].shape[1]
    for row in range(count):
        classes = result.classifications.add().classes
        for place in range(columns):
            label = outputs[LABELS][row, place].decode() if LABELS in outputs else ""
            classes.add(label=label, score=outputs[SCORES][row, place] if SCORES in outputs else 0.0)
