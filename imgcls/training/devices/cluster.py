"""Which machines train together, and which of them this one is, from what the starter of the job says."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from imgcls.counted import counted

PORT = 2222  # where the job's starter names none


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
            except (KeyError, TypeError, json.JSONDecodeError) as error:
                raise ValueError(f"{name} is {environment[name]!r}, which names no worker ({error!r}).") from error
            return cluster if len(cluster.addresses) > 1 else None
    return None


def _tf_config(environment: Mapping[str, str]) -> Cluster:
    config = json.loads(environment["TF_CONFIG"])
    chief = config["cluster"].get("chief", [])
    task = config["task"]
    index = int(task["index"]) + (len(chief) if task["type"] == "worker" else 0)
    return Cluster(_with_port([*chief, *config["cluster"].get("worker", [])]), index)


def _kubernetes(environment: Mapping[str, str]) -> Cluster:
    return Cluster(_with_port(environment["IMGCLS_WORKERS"].split(",")), int(environment["JOB_COMPLETION_INDEX"]))


def _slurm(environment: Mapping[str, str]) -> Cluster:
    nodes = expand_node_list(environment["SLURM_STEP_NODELIST"])
    tasks = int(environment["SLURM_STEP_NUM_TASKS"])
    if tasks != len(nodes):
        raise ValueError(
            f"Slurm starts {counted(tasks, 'task')} on {counted(len(nodes), 'node')}; expected --ntasks-per-node=1."
        )
    return Cluster(_with_port(nodes), int(environment["SLURM_PROCID"]))


def _with_port(hosts: list[str]) -> tuple[str, ...]:
    return tuple(host.strip() if ":" in host else f"{host.strip()}:{PORT}" for host in hosts)


def expand_node_list(nodes: str) -> list[str]:
    """Slurm's short form of node names, as names.

    Example:
        >>> expand_node_list("a[01-03,7],b")
        ['a01', 'a02', 'a03', 'a7', 'b']
    """
    names = []
    for stem, inside, rest in re.findall(r"([^,\[]+)(?:\[([^\]]+)\])?([^,]*)", nodes):
        for span in inside.split(",") if inside else [""]:
            first, _, last = span.partition("-")
            numbers = range(int(first), int(last) + 1) if last else []
            names += [f"{stem}{number:0{len(first)}d}{rest}" for number in numbers] or [f"{stem}{first}{rest}"]
    return names
