"""The health service that gRPC's own protocol defines, grpc.health.v1: may requests come?

Its two messages are declared here, because the package that has them asks for another release of protobuf than
TensorFlow does. `Watch` is left out, which the protocol allows: each watcher would hold a thread.
"""

from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from imgcls.serving.server.core.models import Models
from imgcls.serving.server.request_error import RequestError

NAME = "grpc.health.v1.Health"
SERVICES = ("", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService", NAME)  # "" is the server
STRING, ENUM, OPTIONAL = 9, 14, 1  # of a field
SERVING, NOT_SERVING = 1, 2


def _messages() -> dict[str, Any]:
    """The classes of the messages, in a pool of their own: another library may declare them too."""
    file = descriptor_pb2.FileDescriptorProto(name="health.proto", package="grpc.health.v1", syntax="proto3")
    request, response = (
        file.message_type.add(name="HealthCheckRequest"),
        file.message_type.add(name="HealthCheckResponse"),
    )
    request.field.add(name="service", number=1, type=STRING, label=OPTIONAL)
    states = response.enum_type.add(name="ServingStatus")
    for number, state in enumerate(("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")):
        states.value.add(name=state, number=number)
    kind = ".grpc.health.v1.HealthCheckResponse.ServingStatus"
    response.field.add(name="status", number=1, type=ENUM, type_name=kind, label=OPTIONAL)
    return dict(message_factory.GetMessages([file], pool=descriptor_pool.DescriptorPool()))


_MESSAGES = _messages()
HealthCheckRequest: Any = _MESSAGES["grpc.health.v1.HealthCheckRequest"]
HealthCheckResponse: Any = _MESSAGES["grpc.health.v1.HealthCheckResponse"]


def health_handler(models: Models) -> grpc.GenericRpcHandler:
    """Make the handler of the service.

    Args:
        models: What is served. The server, and each of its services, is healthy when every model has a version that
            is served; a model by its name, when it has one.
    """

    def check(request: Any, context: grpc.ServicerContext) -> Any:
        name = request.service
        if name not in (*SERVICES, *models.names):
            context.abort(grpc.StatusCode.NOT_FOUND, f"There is no service or model {name!r}.")
        is_ready = models.is_ready if name in SERVICES else _is_served(models, name)
        return HealthCheckResponse(status=SERVING if is_ready else NOT_SERVING)

    method = grpc.unary_unary_rpc_method_handler(
        check, HealthCheckRequest.FromString, HealthCheckResponse.SerializeToString
    )
    return grpc.method_handlers_generic_handler(NAME, {"Check": method})


def _is_served(models: Models, name: str) -> bool:
    try:
        models.find(name)
    except RequestError:
        return False
    return True
