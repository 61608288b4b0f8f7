"""The states of a model's versions, in TensorFlow Serving's message."""

from tensorflow_serving.apis import get_model_status_pb2

from imgcls.serving.server.core.models import Models
from imgcls.serving.server.request_error import NOT_FOUND, RequestError

UNKNOWN = 2  # the error code of a version that could not be loaded


def model_status(models: Models, name: str, version: int | None) -> get_model_status_pb2.GetModelStatusResponse:
    """The state of one version, or of all that were seen, the newest first.

    Args:
        models: What is served.
        name: Of the model.
        version: Its number; None for all.

    Raises:
        RequestError: If there is no such model or version.
    """
    states = models.states(name) if name in models.names or version is None else {}
    if version is not None and version not in states:
        raise RequestError(f"Could not find version {version} of model {name}", NOT_FOUND)
    response = get_model_status_pb2.GetModelStatusResponse()
    for number, found in sorted(states.items(), reverse=True):
        if version in (None, number):
            status = response.model_version_status.add(version=number)
            status.state = get_model_status_pb2.ModelVersionStatus.State.Value(found.state)
            status.status.error_code = UNKNOWN if found.error else 0
            status.status.error_message = found.error
    return response
