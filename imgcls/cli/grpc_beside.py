"""The gRPC server that runs beside REST in the process of `python -m imgcls.serve`."""

from imgcls.serving.server.core.models import Models
from imgcls.serving.server.grpc.server import GrpcServer, GrpcSettings
from imgcls.serving.server.request_log import RequestLog


class GrpcBeside:
    """A gRPC server, or none.

    Args:
        models: What is served.
        settings: How it listens; None for no gRPC.
        drain_seconds: That calls at hand may take when it stops.
        log: Where calls are written down; None for nowhere.

    Attributes:
        is_drained: Whether every call was answered before it stopped.

    Raises:
        ValueError: If the port cannot be had.
    """

    def __init__(
        self, models: Models, settings: GrpcSettings | None, drain_seconds: float, log: RequestLog | None = None
    ) -> None:
        self._server = GrpcServer(models, settings, log) if settings else None
        self._settings, self._drain_seconds = settings, drain_seconds
        self.is_drained = True

    @property
    def address(self) -> str:
        """As clients call it; "" if there is none."""
        if not self._server or not self._settings:
            return ""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"grpc{'s' if self._settings.certificate else ''}://{host}:{self._server.port}"

    def start(self) -> None:
        """Take calls from now on."""
        if self._server:
            self._server.start()

    def stop(self) -> None:
        """Take no more calls, and wait for those at hand."""
        if self._server:
            self.is_drained = self._server.stop(self._drain_seconds)
