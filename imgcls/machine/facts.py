"""The facts of this machine. Nothing here imports TensorFlow."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from imgcls.machine.container import memory_limit, processor_share
from imgcls.machine.nvidia import Nvidia, find_nvidia
from imgcls.machine.packages import cuda_packages, installed_packages, unfit_packages
from imgcls.processor import has_onednn, processor_name, vector_units


@dataclass(frozen=True)
class MachineFacts:
    """The facts of a machine.

    Attributes:
        system: Its operating system.
        processor: The name of its processor.
        vector_units: Of those on which the speed depends, the ones that it has.
        cores: Of the machine, counted with hyper-threads.
        cores_of_process: That the system lets this process run on.
        cores_of_container: That a container allows, such as 1.5; None without a limit.
        onednn: Whether TensorFlow computes with oneDNN.
        memory: Bytes of the machine.
        memory_available: Bytes of it that are free.
        memory_of_container: Bytes that a container allows; None without a limit.
        folder: The working folder.
        disk: Bytes of the disk that it lies on.
        disk_free: Bytes that are free there.
        packages: Versions by name; a package that is not installed is missing.
        unfit_packages: Versions of packages that are other ones than imgcls asks for, by requirement; "" for none.
        cuda_packages: Versions of CUDA's libraries by name.
        nvidia: Its cards.
    """

    system: str
    processor: str
    vector_units: tuple[str, ...]
    cores: int
    cores_of_process: int
    cores_of_container: float | None
    onednn: bool
    memory: int
    memory_available: int
    memory_of_container: int | None
    folder: str
    disk: int
    disk_free: int
    packages: Mapping[str, str]
    unfit_packages: Mapping[str, str] = field(default_factory=dict)
    cuda_packages: Mapping[str, str] = field(default_factory=dict)
    nvidia: Nvidia = field(default_factory=Nvidia)

    @property
    def usable_cores(self) -> float:
        """The cores that this process can use: of the machine, of the system, of the container the smallest number."""
        return min(self.cores, self.cores_of_process, self.cores_of_container or self.cores)

    @property
    def usable_memory(self) -> int:
        """The bytes of memory that this process can use."""
        return min(self.memory, self.memory_of_container or self.memory)


def machine_facts(folder: Path | None = None) -> MachineFacts:
    """Find out the facts of this machine; takes well under a second where no card's driver has to start.

    Args:
        folder: Whose disk is looked at; None for the working folder.
    """
    place = (folder or Path.cwd()).resolve()
    memory, disk = psutil.virtual_memory(), psutil.disk_usage(str(place))
    cores = os.cpu_count() or 1
    return MachineFacts(
        system=f"{platform.system()} {platform.release()}",
        processor=processor_name(),
        vector_units=tuple(vector_units()),
        cores=cores,
        cores_of_process=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores,
        cores_of_container=processor_share(),
        onednn=has_onednn(),
        memory=memory.total,
        memory_available=memory.available,
        memory_of_container=memory_limit(),
        folder=str(place),
        disk=disk.total,
        disk_free=disk.free,
        packages=installed_packages(),
        unfit_packages=unfit_packages(),
        cuda_packages=cuda_packages(),
        nvidia=find_nvidia(),
    )
