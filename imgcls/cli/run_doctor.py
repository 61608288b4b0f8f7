"""What `python -m imgcls.doctor` does once its flags are read."""

import json
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import next_step, progress_line, say, table
from imgcls.files import write_json
from imgcls.workflow.doctor.examine import Examination, examine
from imgcls.workflow.doctor.shown import DEVICE_HEADER, SPEED_HEADER, device_rows, facts_rows, speed_rows

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
        if found.is_well:
            next_step(
                "python -m imgcls.train --data FOLDER" if found.speeds else "python -m imgcls.doctor   # measures"
            )
    return command.OK if found.is_well else command.FAULT


def _show(found: Examination) -> None:
    table(["this machine", ""], [list(row) for row in facts_rows(found)], text_columns=2)
    if found.devices:
        say()
        table(list(DEVICE_HEADER), [list(row) for row in device_rows(found)], text_columns=2)
    if found.speeds:
        say()
        table(list(SPEED_HEADER), [list(row) for row in speed_rows(found)], text_columns=3)
    for title, wrong in (("Wrong:", True), ("Limits and advice:", False)):
        sentences = [finding.sentences for finding in found.findings if finding.wrong == wrong]
        if sentences:
            say(f"\n{title}")
            for sentence in sentences:
                say(f"  {sentence}")
    if found.is_well:
        say("\nAll is well." if found.speeds else "\nAll is well, by what can be seen without measuring.")
