"""An examination as rows of text, for a terminal and for the app."""

from collections.abc import Iterator

from imgcls.machine.facts import MachineFacts
from imgcls.machine.tensorflow_build import TensorFlowBuild
from imgcls.workflow.doctor.examine import Examination

SPEED_HEADER = ("images", "what", "on", "a second")
DEVICE_HEADER = ("one step on", "largest difference to the processor")


def facts_rows(found: Examination) -> list[tuple[str, str]]:
    """The facts: a name and a text each."""
    return [*_machine_rows(found.facts), *_tensorflow_rows(found.facts, found.build)]


def device_rows(found: Examination) -> list[tuple[str, str]]:
    """The devices, as `DEVICE_HEADER` has it."""
    return [(each.device, each.problem or f"{each.difference:.1g}") for each in found.devices]


def speed_rows(found: Examination) -> list[tuple[str, str, str, str]]:
    """The speeds, as `SPEED_HEADER` has it."""
    return [
        (each.work, each.what, each.device, f"{each.images_per_second:,.0f}" if each.images_per_second else "failed")
        for each in found.speeds
    ]


def _machine_rows(facts: MachineFacts) -> Iterator[tuple[str, str]]:
    yield "processor", f"{facts.processor} ({' '.join(facts.vector_units) or 'no vector units that count'})"
    share = "" if facts.cores_of_container is None else f", of which the container allows {facts.cores_of_container:g}"
    pinned = (
        "" if facts.cores_of_process == facts.cores else f", of which this process may use {facts.cores_of_process}"
    )
    yield "cores", f"{facts.cores}{pinned}{share}"
    yield "oneDNN", "on, which imgcls switches on" if facts.onednn else "off, by TF_ENABLE_ONEDNN_OPTS"
    limit = facts.memory_of_container
    allowed = "" if limit is None else f", of which the container allows {_gigabytes(limit)}"
    yield "memory", f"{_gigabytes(facts.memory)}{allowed}; {_gigabytes(facts.memory_available)} free"
    yield "disk", f"{_gigabytes(facts.disk_free)} of {_gigabytes(facts.disk)} free in {facts.folder}"
    yield "system", f"{facts.system}, Python {facts.packages['python']}"
    yield "packages", ", ".join(f"{name} {number}" for name, number in facts.packages.items() if name != "python")
    for card in facts.nvidia.cards:
        capability = "unknown" if card.compute_capability is None else ".".join(map(str, card.compute_capability))
        yield "card", f"{card.name}, {_gigabytes(card.memory)}, compute capability {capability}, driver {card.driver}"
    if not facts.nvidia.cards:
        yield "card", ", ".join(facts.nvidia.traces) or "none of NVIDIA's"


def _tensorflow_rows(facts: MachineFacts, build: TensorFlowBuild) -> Iterator[tuple[str, str]]:
    code = f"CUDA {build.cuda}, cuDNN {build.cudnn}, for {' '.join(build.capabilities)}" if build.cuda else "no CUDA"
    yield "TensorFlow is built with", code
    if facts.cuda_packages:
        yield "CUDA's libraries", ", ".join(f"{name} {number}" for name, number in facts.cuda_packages.items())
    yield "TensorFlow computes on", ", ".join(build.gpus) or "the processor"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
