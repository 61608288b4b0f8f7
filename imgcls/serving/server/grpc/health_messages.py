"""The messages of gRPC's health protocol, grpc.health.v1.

They are declared here, because the package that has them asks for another release of protobuf than TensorFlow does.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

STRING, ENUM, OPTIONAL = 9, 14, 1  # of a field
SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3


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
