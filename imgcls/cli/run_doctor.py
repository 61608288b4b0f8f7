"""What `python -m imgcls.doctor` does once its flags are read."""

import json
from collections.abc import Iterator
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import progress_line, say, table
from imgcls.files import write_json
from imgcls.machine.facts import MachineFacts
from imgcls.machine.tensorflow_build import TensorFlowBuild
from imgcls.workflow.doctor.examine import Examination, examine

STANDARD_OUTPUT = "-"


def doctor(measures: bool, file: str | None) -> int:
    """Examine the machine and show what was found.

    Args:
        measures: Whether speeds are measured.
        file: Where everything is written as JSON; "-" prints it in place of the text.
    """
    with progress_line() as progress:
        found = examine(measures, progress)
    if file == STANDARD_OUTPUT:
        say(json.dumps(found.to_dict(), indent=1))
    else:
        _show(found)
        if file is not None:
            write_json(Path(file), found.to_dict())
            say(f"\nEverything that was found: {file}")
    return command.OK if found.is_well else command.FAULT


def _show(found: Examination) -> None:
    table(["this machine", ""], [list(row) for row in facts_rows(found.facts, found.build)], text_columns=2)
    if found.devices:
        say()
        rows = [[device.device, device.problem or f"{device.difference:.1g}"] for device in found.devices]
        table(["one step on", "largest difference to the processor"], rows, text_columns=2)
    if found.speeds:
        say()
        speeds = [
            [speed.work, speed.what, speed.device, "failed" if speed.problem else f"{speed.images_per_second:,.0f}"]
            for speed in found.speeds
        ]
        table(["images", "what", "on", "a second"], speeds, text_columns=3)
    for title, wrong in (("Wrong:", True), ("Limits and advice:", False)):
        sentences = [finding.sentences for finding in found.findings if finding.wrong == wrong]
        if sentences:
            say(f"\n{title}")
            for sentence in sentences:
                say(f"  {sentence}")
    if found.is_well:
        say("\nAll is well." if found.speeds else "\nAll is well, by what can be seen without measuring.")


def facts_rows(facts: MachineFacts, build: TensorFlowBuild) -> Iterator[tuple[str, str]]:
    """The facts as rows of a name and a text."""
    yield "processor", f"{facts.processor} ({' '.join(facts.vector_units) or 'no vector units that count'})"
    share = "" if facts.cores_of_container is None else f", of which the container allows {facts.cores_of_container:g}"
    pinned = (
        "" if facts.cores_of_process == facts.cores else f", of which this process may use {facts.cores_of_process}"
    )
    yield "cores", f"{facts.cores}{pinned}{share}"
    yield "oneDNN", "on, which imgcls switches on" if facts.onednn else "off: TF_ENABLE_ONEDNN_OPTS is 0"
    limit = facts.memory_of_container
    allowed = "" if limit is None else f", of which the container allows {_gigabytes(limit)}"
    yield "memory", f"{_gigabytes(facts.memory)}{allowed}; {_gigabytes(facts.memory_available)} free"
    yield "disk", f"{_gigabytes(facts.disk_free)} of {_gigabytes(facts.disk)} free in {facts.folder}"
    yield "system", f"{facts.system}, Python {facts.packages['python']}"
    yield "packages", ", ".join(f"{name} {number}" for name, number in facts.packages.items() if name != "python")
    code = f"CUDA {build.cuda}, cuDNN {build.cudnn}, for {' '.join(build.capabilities)}" if build.cuda else "no CUDA"
    yield "TensorFlow's build", code
    for card in facts.nvidia.cards:
        capability = "unknown" if card.compute_capability is None else ".".join(map(str, card.compute_capability))
        yield "card", f"{card.name}, {_gigabytes(card.memory)}, compute capability {capability}, driver {card.driver}"
    if not facts.nvidia.cards:
        yield "card", ", ".join(facts.nvidia.traces) or "none of NVIDIA's"
    yield "TensorFlow computes on", ", ".join(build.gpus) or "the processor"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
