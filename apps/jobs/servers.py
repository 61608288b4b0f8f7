"""Servers of exported models: jobs that run until somebody stops them, found again after a restart."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from projects.project import Project

from imgcls.serving.server.listening import check_free
from imgcls.serving.versions import MODEL, versions
from jobs.job import Job, list_jobs, start_job

HOST = "127.0.0.1"  # nobody but this machine is answered
STARTS = "it starts, which takes some seconds"
PATIENCE = 2.0  # seconds that a server may take to say that it is ready


@dataclass(frozen=True)
class Server:
    """A server of one exported model.

    Attributes:
        job: Its process.
        bundle: Name of the model.
    """

    job: Job
    bundle: str

    @property
    def address(self) -> str:
        """Of the server, without the model."""
        return f"http://{HOST}:{self.job.about['port']}"

    @property
    def model_address(self) -> str:
        """Of the model on it."""
        return f"{self.address}/v1/models/{self.bundle}"

    @property
    def address_before(self) -> str:
        """That of the server before, if this one could not get it; else empty."""
        return str(self.job.about.get("address before", ""))

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            said = httpx.get(self.model_address, timeout=PATIENCE).json()
        except (httpx.HTTPError, ValueError):
            return False
        return any(version.get("state") == "AVAILABLE" for version in said.get("model_version_status", ()))


def start_server(project: Project, bundle: str, environment: Mapping[str, str], who: str = "") -> Server:
    """Serve the newest version of an exported model, unless a server of it runs.

    It gets the address that it had last, for programs that ask it, or another one where somebody else has that by now.

    Raises:
        ValueError: There is no such model.
    """
    folder = project.bundles / bundle
    if newest_version(folder) is None:
        raise ValueError(f"There is no exported model {bundle!r} any more. Export the run again.")
    before = find_server(project, bundle)
    if before and before.job.is_live:
        return before
    port, grpc_port = _last_ports(before) or _free_ports()
    program = ("imgcls.serve", str(folder), "--port", str(port), "--grpc-port", str(grpc_port), "--host", HOST)
    about = {"bundle": bundle, "port": port, "grpc_port": grpc_port}
    if before and before.job.about["port"] != port:
        about["address before"] = before.address
    return Server(start_job(project, "serve", f"Server of {bundle}", program, environment, about, who), bundle)


def find_server(project: Project, bundle: str) -> Server | None:
    """The server of an exported model, if one runs; else the last one that did."""
    found = [job for job in list_jobs(project) if job.kind == "serve" and job.about.get("bundle") == bundle]
    return Server(found[0], bundle) if found else None


def newest_version(folder: Path) -> Path | None:
    """The folder of the newest version of an exported model."""
    found = list(versions(folder).values()) if folder.is_dir() else []
    return found[-1] if found and (found[-1] / MODEL).is_file() else None


def _last_ports(before: Server | None) -> tuple[int, int] | None:
    """The ports that the server before had; None if somebody else has one of them now."""
    if before is None:
        return None
    last = int(before.job.about["port"]), int(before.job.about["grpc_port"])
    try:
        for port in last:
            check_free(HOST, port)
    except ValueError:
        return None
    return last


def _free_ports() -> tuple[int, int]:
    """Two ports that nobody has; taken together, so that they differ."""
    with socket.socket() as one, socket.socket() as other:
        one.bind((HOST, 0))
        other.bind((HOST, 0))
        return one.getsockname()[1], other.getsockname()[1]
