"""What `python -m imgcls.calibrate` does once its flags are read."""

from imgcls.cli import command
from imgcls.cli.terminal import next_step, progress_line, say
from imgcls.command_line import command_line
from imgcls.config import JudgementConfig
from imgcls.evaluation.judgement.judgement import fitted_in_words
from imgcls.files import check_writable
from imgcls.run_folder import RunFolder
from imgcls.workflow.calibrate import calibrate_run, fit_judgement


def calibrate(run: RunFolder, options: JudgementConfig, dry_run: bool) -> int:
    """Fit the judgement of a run anew, and print what it means."""
    check_writable(run.model_file)
    with progress_line() as progress:
        if dry_run:
            fitted = fit_judgement(run, options, progress)
            for sentence in fitted_in_words(fitted.judgement, fitted.validation):
                say(sentence)
            say("\nNothing was written into the model: --dry-run.")
            return command.OK
        calibrate_run(run, options, progress)
    say(f"\nModel: {run.model_file}")
    next_step(command_line("evaluate", run.path), command_line("export", run.path))
    return command.OK
