"""The examination of a machine: its facts, what is wrong, how fast it is, and what limits it."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import imgcls
from imgcls.machine.facts import MachineFacts, machine_facts
from imgcls.machine.finding import Finding
from imgcls.machine.findings import machine_findings
from imgcls.machine.nvidia_findings import nvidia_findings
from imgcls.machine.tensorflow_build import TensorFlowBuild, tensorflow_build
from imgcls.progress import Progress
from imgcls.training.devices.device_check import DeviceCheck, check_devices
from imgcls.workflow.benchmark.bundle import installed_engines
from imgcls.workflow.doctor.limits import limits
from imgcls.workflow.doctor.predicting import predicting_speeds
from imgcls.workflow.doctor.reading import reading_speeds, write_photos
from imgcls.workflow.doctor.speed import Speed
from imgcls.workflow.doctor.training import NETWORKS, training_speeds

READ = 2  # speeds of reading


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        facts: Of the machine.
        build: Of TensorFlow.
        devices: Whether each device computes what the processor does; empty for a processor alone, or if nothing was
            measured.
        speeds: Images a second; empty if nothing was measured, or if a device fails.
        findings: What is wrong, and what limits.
    """

    facts: MachineFacts
    build: TensorFlowBuild
    devices: Sequence[DeviceCheck]
    speeds: Sequence[Speed]
    findings: Sequence[Finding]

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.wrong for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """All of it in values that JSON knows."""
        return {"imgcls": imgcls.__version__, "well": self.is_well, **asdict(self)}


def examine(measures: bool = True, progress: Progress | None = None) -> Examination:
    """Examine this machine.

    Args:
        measures: Whether devices are compared and speeds measured, which takes about a minute on two cores.
        progress: Receives what is measured.
    """
    progress = progress or Progress()
    facts, build = machine_facts(), tensorflow_build()
    findings = machine_findings(facts)
    findings += nvidia_findings(facts.nvidia, build, facts.packages, facts.cuda_packages)
    if not measures:
        return Examination(facts, build, (), (), findings)
    engines, missing = installed_engines(())
    announced = _Announced(progress, 1 + READ + len(NETWORKS) + len(engines))
    announced("Comparing devices")
    devices = check_devices()
    fail = any(device.problem for device in devices)
    speeds = [] if fail else list(_speeds(list(engines), announced))
    findings += [_wrong(device) for device in devices if not device.is_right]
    return Examination(facts, build, devices, speeds, [*findings, *limits(facts, speeds, missing)])


class _Announced:
    """Counts the measurements; called before each one."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def __call__(self, what: str) -> None:
        self.progress.doing(what, self.done, self.total)
        self.done += 1


def _speeds(engines: list[str], announced: _Announced) -> Iterator[Speed]:
    with tempfile.TemporaryDirectory() as folder:
        reading = reading_speeds(write_photos(Path(folder)))
        for name in ("decoding", "augmentation"):
            announced(f"Measuring {name}")
            yield next(reading)
    training = training_speeds()
    for name in NETWORKS:
        announced(f"Training {name}")
        yield next(training)
    yield from predicting_speeds(engines, lambda name: announced(f"Predicting with {name}"))


def _wrong(device: DeviceCheck) -> Finding:
    mending = "Train with CUDA_VISIBLE_DEVICES=-1 until its driver and TensorFlow fit together."
    if "out of memory" in device.problem.lower():
        mending = "Another process has taken its memory, which nvidia-smi names: end that one."
    if device.problem:
        what = f"{device.device} failed at one step of a small network: {device.problem.rstrip('.')}."
    else:
        what = f"{device.device} computes one step of a small network otherwise than the processor, by "
        what += f"{device.difference:.1g} (relative)."
    return Finding(what, mending)
