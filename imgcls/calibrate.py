"""Fit anew when a trained classifier answers: its percentages, "not sure", "none of these" and prediction sets.

Training does this at its end. This does it again, with other wishes and without training: it reads the images for
validation and training, never those for the test, and writes the run's model anew.

Examples:
  python -m imgcls.calibrate runs/fashion_mini-resnet20-1
  python -m imgcls.calibrate runs/fashion_mini-resnet20-1 --precision 0.98
  python -m imgcls.calibrate runs/fashion_mini-resnet20-1 --answered 0.9
  python -m imgcls.calibrate runs/fashion_mini-resnet20-1 --coverage 0.95 --known 0.99 --dry-run
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from imgcls.cli import command
from imgcls.config import JudgementConfig, SetMethod
from imgcls.run_folder import RunFolder


@dataclass(frozen=True)
class Options:
    """The flags of the command. What is not given stays as the run has it."""

    run: Annotated[Path, tyro.conf.Positional]  # folder of the run
    precision: float | None = None  # share of answers that is to be right; 0: answer what is likelier right than wrong
    answered: float | None = None  # share of images that is to be answered, in place of a precision
    by_class: bool = False  # the wish is for the answers of each class, not for all answers together
    coverage: float | None = None  # prediction sets: share of images whose class is to be in their set
    sets: SetMethod | None = None  # prediction sets: score; auto: the smallest sets of lac, aps and raps
    known: float | None = None  # share of images of known classes that must not be called "none of these"
    dry_run: bool = False  # say what would be fitted, and leave the model as it is


def main(options: Options) -> int:
    """Fit the judgement anew, and say what it means."""
    run = RunFolder(options.run)
    run.check_not_alive()
    run.require_model()
    wished = wishes(options, run.config.judgement)
    command.import_tensorflow()
    from imgcls.cli.run_calibrate import calibrate

    return calibrate(run, wished, options.dry_run)


def wishes(options: Options, before: JudgementConfig) -> JudgementConfig:
    """What the run wished before, with what was given in its place.

    Raises:
        ValueError: If a value is out of its range, or if both a precision and a share of images are given.
    """
    given: dict[str, Any] = {
        "set_coverage": options.coverage,
        "set_method": options.sets,
        "known_share": options.known,
    }
    if options.precision is not None or options.answered is not None or options.by_class:
        given |= _wish_of_answers(options, before)
    changed = {name: value for name, value in given.items() if value is not None}
    return dataclasses.replace(before, calibrate=True, **changed)


def _wish_of_answers(options: Options, before: JudgementConfig) -> dict[str, Any]:
    """The precision and the share of images that are wished: those of before, where neither is given."""
    if options.precision and options.answered:
        raise ValueError("--precision and --answered exclude each other: one follows from the other. Choose one.")
    wish = (options.precision or 0.0, options.answered or 0.0)
    if options.precision is None and options.answered is None:
        wish = (before.answer_precision, before.answer_coverage)
    return {"answer_precision": wish[0], "answer_coverage": wish[1], "answer_by_class": options.by_class}


if __name__ == "__main__":
    command.run(main, Options, __doc__)
