"""A request that cannot be answered, as TensorFlow Serving's REST API says so."""

BAD_REQUEST = 400
NOT_FOUND = 404
TOO_LARGE = 413
FAULT = 500
NOT_IMPLEMENTED = 501
UNAVAILABLE = 503
TIME_OVER = 504


class RequestError(Exception):
    """A refusal.

    Args:
        message: What the caller gets.
        status: The HTTP status that it comes with.
    """

    def __init__(self, message: str, status: int = BAD_REQUEST) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
