"""What `python -m imgcls.explain` does once its flags are read."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import pandas as pd

from imgcls.cli import command
from imgcls.cli.terminal import next_step, percent, progress_line, say, table
from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.workflow.explanation.explain import explain_classifier
from imgcls.workflow.explanation.request import ExplainRequest
from imgcls.workflow.sources import is_bundle, list_images

MOST_SHOWN = 20  # rows in the terminal


def explain(source: str, images: Sequence[str], request: ExplainRequest, folder: Path) -> int:
    """Write the views, print what was found, and what to look at next."""
    paths = list_images(images) if images else []
    with progress_line() as progress:
        found = explain_classifier(source, paths, folder, request, progress)
    for view, rows in found.tables.items():
        (_show_answers if view == "why" else _show_table)(rows)
    say()
    for sentence in found.sentences:
        say(sentence)
    if found.problems:
        say(f"\n{counted(len(found.problems), 'file')} could not be explained:")
        table(["image", "problem"], [list(row) for row in found.problems[:MOST_SHOWN]], text_columns=2)
    say(f"\n{counted(len(found.files), 'file')} in {folder}")
    next_step(f"open {quote(str(found.page))}   # all of it as a page", *_more(source, request))
    return command.WITH_PROBLEMS if found.problems else command.OK


def _show_answers(rows: pd.DataFrame) -> None:
    """A line for each map."""
    shown = rows[rows["method"].notna()]
    lines = [
        [row["image"], row["predicted"], row["explained"], percent(row["probability"]), row["method"], row["caption"]]
        for row in shown.head(MOST_SHOWN).to_dict("records")
    ]
    if lines:
        table(["image", "predicted", "explained", "probability", "method", "check"], lines, text_columns=6)
    if len(shown) > MOST_SHOWN:
        say(f"... and {len(shown) - MOST_SHOWN:,} more, in explanation.csv.")


def _show_table(rows: pd.DataFrame) -> None:
    lines = rows.astype(str).to_numpy().tolist()
    table([str(name) for name in rows.columns], lines[:200])


def _more(source: str, request: ExplainRequest) -> list[str]:
    """Another view that this source has."""
    typed = command_line("explain", source)
    if not Path(source).is_dir():
        return []
    if "why" not in request.show:
        return [f"{typed} photo.jpg   # why it answers as it does"]
    if is_bundle(Path(source)):
        return []
    return [f"{typed}   # what the network is: filters, units, what excites them"]
