"""Whether the other workers are there. TensorFlow itself waits for a dead one for minutes, without a word."""

import os
import socket
import time
from collections.abc import Mapping

from imgcls.training.devices.cluster import Cluster

WITHIN = 60.0  # seconds in which all workers have to be there, unless the variable says otherwise
VARIABLE = "IMGCLS_WORKERS_WITHIN"
ATTEMPT, PAUSE = 2.0, 0.2  # seconds of one attempt to reach a worker, and before the next


def await_workers(cluster: Cluster, seconds: float) -> None:
    """Wait until every other worker can be reached.

    While it waits, a worker listens at its own address. One that has gone on listens there with TensorFlow.

    Args:
        cluster: the workers.
        seconds: after which those that are missing are given up.

    Raises:
        ConnectionError: a worker cannot be reached, or the port of this one is taken.
    """
    missing = {address: "" for index, address in enumerate(cluster.addresses) if index != cluster.index}
    until = time.monotonic() + seconds
    with _listening(cluster.addresses[cluster.index]):
        while missing:
            found = {address: _why_not(address) for address in missing}
            missing = {address: why for address, why in found.items() if why}
            if missing and time.monotonic() > until:
                raise ConnectionError(_sentence(cluster, missing, seconds))
            time.sleep(PAUSE if missing else 0.0)


def patience(environment: Mapping[str, str] = os.environ) -> float:
    """The seconds that workers wait for each other. Raises ValueError if the variable holds no number above 0."""
    text = environment.get(VARIABLE, "") or str(WITHIN)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{VARIABLE} is {text!r}; expected a number of seconds above 0.")
    return seconds


def _listening(address: str) -> socket.socket:
    port = int(address.rpartition(":")[2])
    try:
        if socket.has_dualstack_ipv6():
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        return socket.create_server(("", port))
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise ConnectionError(
            f"This worker is to listen at {address}, and its port cannot be used: {why}. End the process that has it, "
            "or name another port on all workers."
        ) from error


def _why_not(address: str) -> str:
    """Why a worker cannot be reached; empty if it can."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ATTEMPT).close()
    except OSError as error:
        return "it does not answer" if isinstance(error, TimeoutError) else (error.strerror or str(error)).lower()
    return ""


def _sentence(cluster: Cluster, missing: Mapping[str, str], seconds: float) -> str:
    names = ", ".join(f"{address} ({why})" for address, why in missing.items())
    return (
        f"After {seconds:g} s {len(missing)} of {len(cluster.addresses)} workers cannot be reached: {names}. Start all "
        f"of them, name only those that there are, or let them wait longer with {VARIABLE}."
    )
