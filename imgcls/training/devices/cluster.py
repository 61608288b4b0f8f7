"""Which machines train together, and which of them this one is, from what the starter of the job says."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from imgcls.counted import counted

PORT = 2222  # where the job's starter names none
LAST_PORT = 65_535


@dataclass(frozen=True)
class Cluster:
    """The workers that train together.

    Attributes:
        addresses: host:port of each; the first worker writes.
        index: of this process among them.
    """

    addresses: tuple[str, ...]
    index: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < len(self.addresses):
            count = len(self.addresses)
            raise ValueError(f"This is worker {self.index} of {count}; expected a number from 0 to below {count}.")

    @property
    def is_chief(self) -> bool:
        """Whether this process is the first worker, which writes."""
        return self.index == 0

    def tf_config(self) -> str:
        """What TensorFlow reads from the variable TF_CONFIG."""
        return json.dumps({"cluster": {"worker": self.addresses}, "task": {"type": "worker", "index": self.index}})


def find_cluster(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """The cluster that the environment names; None if this process is alone.

    The first of these counts: TF_CONFIG, as TensorFlow has it; IMGCLS_WORKERS (addresses with commas between) with
    JOB_COMPLETION_INDEX, which Kubernetes sets in an Indexed Job; Slurm's variables of a step with a task a node.

    Args:
        environment: the variables.

    Raises:
        ValueError: what they say cannot be.

    Example:
        >>> find_cluster({"IMGCLS_WORKERS": "a,b", "JOB_COMPLETION_INDEX": "1"})
        Cluster(addresses=('a:2222', 'b:2222'), index=1)
    """
    for name, reader in (("TF_CONFIG", _tf_config), ("IMGCLS_WORKERS", _kubernetes), ("SLURM_STEP_NODELIST", _slurm)):
        if environment.get(name):
            try:
                cluster = reader(environment)
            except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
                raise ValueError(f"{name} is {environment[name]!r}, which names no worker ({error!r}).") from error
            return cluster if len(cluster.addresses) > 1 else None
    return None


def _tf_config(environment: Mapping[str, str]) -> Cluster:
    config = json.loads(environment["TF_CONFIG"])
    chief, workers = (config["cluster"].get(kind, []) for kind in ("chief", "worker"))
    kind, index = config["task"]["type"], config["task"]["index"]
    if not all(isinstance(each, list) and all(isinstance(name, str) for name in each) for each in (chief, workers)):
        raise TypeError("chief and worker are lists of addresses")
    if kind not in ("chief", "worker"):
        raise ValueError(f"TF_CONFIG makes this process a task of type {kind!r}; imgcls trains on chief and worker.")
    return Cluster(
        _with_port([*chief, *workers]), _number(index, "TF_CONFIG's index") + len(chief) * (kind == "worker")
    )


def _kubernetes(environment: Mapping[str, str]) -> Cluster:
    index = _number(environment["JOB_COMPLETION_INDEX"], "JOB_COMPLETION_INDEX")
    return Cluster(_with_port(environment["IMGCLS_WORKERS"].split(",")), index)


def _slurm(environment: Mapping[str, str]) -> Cluster:
    nodes = expand_node_list(environment["SLURM_STEP_NODELIST"])
    tasks = _number(environment["SLURM_STEP_NUM_TASKS"], "SLURM_STEP_NUM_TASKS")
    if tasks != len(nodes):
        raise ValueError(
            f"Slurm starts {counted(tasks, 'task')} on {counted(len(nodes), 'node')}; expected --ntasks-per-node=1."
        )
    return Cluster(_with_port(nodes), _number(environment["SLURM_PROCID"], "SLURM_PROCID"))


def _number(text: str | int, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{what} is {text!r}; expected a whole number.") from None


def _with_port(hosts: list[str]) -> tuple[str, ...]:
    names = [host.strip() for host in hosts if host.strip()]
    addresses = tuple(_checked(name) if ":" in name else f"{name}:{PORT}" for name in names)
    if twice := [each for each in addresses if addresses.count(each) > 1]:
        raise ValueError(f"{twice[0]} is named twice among the workers; each needs an address of its own.")
    return addresses


def _checked(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= LAST_PORT:
        raise ValueError(
            f"The worker's address {address!r} has no port from 1 to {LAST_PORT} behind its last colon; expected one "
            f"such as machine1:{PORT}."
        )
    return address


def expand_node_list(nodes: str) -> list[str]:
    """Slurm's short form of node names, as names.

    Example:
        >>> expand_node_list("a[01-03,7],b,r[0-1]n[1-2]")
        ['a01', 'a02', 'a03', 'a7', 'b', 'r0n1', 'r0n2', 'r1n1', 'r1n2']
    """
    names: list[str] = []
    for word in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", nodes):
        parts = re.split(r"\[([^\]]*)\]", word)  # each second one stood in brackets
        names += map("".join, product(*(_spanned(part) if at % 2 else [part] for at, part in enumerate(parts))))
    return names


def _spanned(inside: str) -> list[str]:
    """What "01-03,7" stands for."""
    numbers: list[str] = []
    for span in inside.split(","):
        first, _, last = span.partition("-")
        numbers += [f"{number:0{len(first)}d}" for number in range(int(first), int(last or first) + 1)]
    return numbers
