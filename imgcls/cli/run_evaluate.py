"""What `python -m imgcls.evaluate` does once its flags are read."""

from pathlib import Path
from typing import Protocol

from imgcls.cli import command
from imgcls.cli.evaluation_table import show_evaluation
from imgcls.cli.terminal import next_step, progress_line, say
from imgcls.command_line import command_line
from imgcls.evaluation.pages.section import NextStep
from imgcls.files import check_writable
from imgcls.workflow.evaluate import judge
from imgcls.workflow.judged import images_of
from imgcls.workflow.learning_curve import measure_learning_curve
from imgcls.workflow.subject import Subject

MOST_STEPS = 3  # of the report's advice


class Asked(Protocol):
    """The flags, as `imgcls.evaluate.Options` has them."""

    @property
    def source(self) -> Path:
        """Folder of a run or of a bundle."""

    @property
    def split(self) -> str:
        """Which images."""

    @property
    def data(self) -> str:
        """Other images."""

    @property
    def learning_curve(self) -> bool:
        """Whether to measure the learning curve."""

    @property
    def output(self) -> str:
        """Folder for what is written."""


def evaluate(asked: Asked) -> int:
    """Judge a run or a bundle on a split or on other data, and print the figures and what to do next."""
    subject = Subject.of(asked.source)
    if asked.learning_curve and subject.run is None:
        raise ValueError(f"--learning-curve is for runs, and {subject.path} is a bundle, which holds no images.")
    judged = images_of(subject, asked.split, asked.data, asked.output)
    for file in judged.files.all():
        check_writable(file)
    with progress_line() as progress:
        if asked.learning_curve and subject.run is not None:
            measure_learning_curve(subject.run, progress)
        result = judge(judged, progress)
    show_evaluation(result.evaluation, judged.part, judged.data)
    _show_steps(result.next_steps)
    say(f"\nReport: {judged.files.report}\nFigures: {judged.files.figures}\nPredictions: {judged.files.predictions}")
    if subject.run:
        next_step(command_line("export", subject.path))
    return command.WITH_PROBLEMS if result.evaluation.missing else command.OK


def _show_steps(steps: list[NextStep]) -> None:
    """The advice that might bring most, each with its figure and its command."""
    if steps:
        say("\nWhat might help, by the figures:")
    for step in steps[:MOST_STEPS]:
        say(f"  {step.what}. {step.why}")
        if step.command:
            say(f"    {step.command}")
