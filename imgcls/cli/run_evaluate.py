"""What `python -m imgcls.evaluate` does once its flags are read."""

from pathlib import Path

from imgcls.cli import command
from imgcls.cli.evaluation_table import show_evaluation
from imgcls.cli.terminal import next_step, progress_line, say
from imgcls.files import check_writable
from imgcls.workflow.evaluate import judge
from imgcls.workflow.judged import images_of
from imgcls.workflow.subject import Subject


def evaluate(source: Path, split: str, data: str, output: str) -> int:
    """Judge a run or a bundle on a split or on other data, and print the figures."""
    subject = Subject.of(source)
    judged = images_of(subject, split, data, output)
    for file in judged.files.all():
        check_writable(file)
    with progress_line() as progress:
        evaluation = judge(judged, progress)
    show_evaluation(evaluation, judged.part, judged.data)
    say(f"\nReport: {judged.files.report}\nFigures: {judged.files.figures}\nPredictions: {judged.files.predictions}")
    if subject.run:
        next_step(f"python -m imgcls.export {subject.path}")
    return command.WITH_PROBLEMS if evaluation.missing else command.OK
