"""TensorFlow Serving's gRPC service ModelService: the states of versions, and which models are served from now on."""

from pathlib import Path

import grpc
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2, model_service_pb2_grpc

from imgcls.serving.server.core.model_config_file import settings_of
from imgcls.serving.server.core.models import Models
from imgcls.serving.server.grpc.calls import Calls, model_spec
from imgcls.serving.server.model_status import model_status
from imgcls.serving.server.request_error import RequestError


class ModelService(model_service_pb2_grpc.ModelServiceServicer):  # type: ignore[misc]  # has no types
    """The calls of the service, one a method.

    Args:
        models: What is served.
    """

    def __init__(self, models: Models) -> None:
        self._calls = Calls(models)

    def GetModelStatus(
        self, request: get_model_status_pb2.GetModelStatusRequest, context: grpc.ServicerContext
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """The state of one version, or of all that were seen."""
        return self._calls.answer("GetModelStatus", request.model_spec.name, context, lambda: self._status(request))

    def HandleReloadConfigRequest(
        self, request: model_management_pb2.ReloadConfigRequest, context: grpc.ServicerContext
    ) -> model_management_pb2.ReloadConfigResponse:
        """Serve the models of the request in place of those until now."""
        return self._calls.answer("HandleReloadConfigRequest", "", context, lambda: self._reload(request))

    def _status(
        self, request: get_model_status_pb2.GetModelStatusRequest
    ) -> get_model_status_pb2.GetModelStatusResponse:
        spec = model_spec(request)
        choice = spec.WhichOneof("version_choice")
        version = spec.version.value if choice == "version" else None
        if choice == "version_label":
            version = self._calls.find(request).version
        return model_status(self._calls.models, spec.name, version)

    def _reload(self, request: model_management_pb2.ReloadConfigRequest) -> model_management_pb2.ReloadConfigResponse:
        if request.config.WhichOneof("config") != "model_config_list":
            raise RequestError(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        try:
            self._calls.models.reload(
                [settings_of(each, Path.cwd()) for each in request.config.model_config_list.config]
            )
        except ValueError as error:
            raise RequestError(str(error)) from error
        return model_management_pb2.ReloadConfigResponse()
