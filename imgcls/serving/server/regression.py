"""The `regress` call of TensorFlow Serving, which a classifier has no signature for."""

from typing import NoReturn

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from imgcls.serving.server.request_error import NOT_IMPLEMENTED, RequestError


def refuse(definition: SignatureDef) -> NoReturn:
    """Say why a signature does not answer a regression.

    Raises:
        RequestError: In the words of the official server, if it would refuse this signature too.
    """
    if len(definition.inputs) != 1:
        raise RequestError("Expected one input Tensor.")
    if len(definition.outputs) != 1:
        raise RequestError("Expected one output Tensor.")
    raise RequestError("This server classifies; it does not answer regress calls.", NOT_IMPLEMENTED)
