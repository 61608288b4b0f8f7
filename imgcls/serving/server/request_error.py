"""A request that cannot be answered, as TensorFlow Serving says so, over REST and over gRPC."""

BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
PRECONDITION_FAILED = 412
TOO_LARGE = 413
TOO_MANY = 429
CLIENT_CLOSED = 499
FAULT = 500
NOT_IMPLEMENTED = 501
UNAVAILABLE = 503
TIME_OVER = 504


class RequestError(Exception):
    """A refusal.

    Args:
        message: What the caller gets.
        status: The HTTP status that it comes with; `grpc_status` has the gRPC code that belongs to it.
    """

    def __init__(self, message: str, status: int = BAD_REQUEST) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class PreconditionError(RequestError):
    """A refusal of a request that is right in itself, and which this model cannot answer."""
