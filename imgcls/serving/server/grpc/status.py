"""The gRPC code of a refusal, and the HTTP status of a code."""

import grpc
import tensorflow as tf

from imgcls.serving.server.request_error import FAULT, PreconditionError, RequestError
from imgcls.serving.tensorflow_errors import reason

CODES = {  # of an HTTP status
    200: grpc.StatusCode.OK,
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    499: grpc.StatusCode.CANCELLED,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
STATUSES = {code: status for status, code in CODES.items()}
OF_TENSORFLOW = {code.value[0]: code for code in grpc.StatusCode}  # TensorFlow numbers its errors in the same way


def refusal(error: Exception) -> tuple[grpc.StatusCode, str]:
    """The code and the sentence that a caller gets.

    Args:
        error: What was raised while the request was worked on.

    Example:
        >>> refusal(RequestError("Servable not found for request: Latest(roses)", 404))
        (<StatusCode.NOT_FOUND: (5, 'not found')>, 'Servable not found for request: Latest(roses)')
    """
    if isinstance(error, PreconditionError):  # a bad request in HTTP
        return grpc.StatusCode.FAILED_PRECONDITION, error.message
    if isinstance(error, RequestError):
        return CODES.get(error.status, grpc.StatusCode.INTERNAL), error.message
    if isinstance(error, tf.errors.OpError):
        return OF_TENSORFLOW.get(error.error_code, grpc.StatusCode.INTERNAL), reason(error)
    return grpc.StatusCode.INTERNAL, f"A fault of the server, which is in its log: {type(error).__name__}"


def http_status(code: grpc.StatusCode) -> int:
    """The HTTP status that belongs to a code: 413 and 429 have the same code, whose status is then 429."""
    return STATUSES.get(code, FAULT)
