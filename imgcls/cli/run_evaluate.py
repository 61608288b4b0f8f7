"""What `python -m imgcls.evaluate` does once its flags are read."""

from imgcls.cli import command
from imgcls.cli.evaluation_table import show_evaluation
from imgcls.cli.terminal import next_step, progress_line, say
from imgcls.files import check_writable
from imgcls.run_folder import RunFolder
from imgcls.workflow.evaluate import images_of, judge


def evaluate(run: RunFolder, split: str, data: str) -> int:
    """Judge a run on a split or on other data, and print the figures."""
    judged = images_of(run, split, data)
    report, figures = judged.files(run)
    check_writable(report)
    check_writable(figures)
    with progress_line() as progress:
        evaluation = judge(run, judged, progress)
    show_evaluation(evaluation, judged.part, judged.data)
    say(f"\nReport: {report}\nFigures: {figures}")
    next_step(f"python -m imgcls.export {run.path}")
    return command.WITH_PROBLEMS if evaluation.missing else command.OK
