"""How a program of the app begins and ends: errors are sentences in the words of the pages."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from projects.wording import in_words

import imgcls
from imgcls.cli import command
from imgcls.cli.terminal import log_shown

OURS = (Path(__file__).parents[2], Path(imgcls.__file__).parent)  # whose sentences are written for users


def run(work: Callable[[], int]) -> None:
    """Call `work`, and leave with its exit code."""
    with log_shown():
        sys.exit(command.guarded(lambda: _in_words(work)))


def _in_words(work: Callable[[], int]) -> int:
    try:
        return work()
    except (ValueError, FileNotFoundError) as error:
        raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
        if getattr(error, "errno", None) or not any(raised_in.is_relative_to(folder) for folder in OURS):
            raise
        return command.complain(in_words(str(error)))
