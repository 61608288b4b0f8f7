"""What `python -m imgcls.tune` does once its flags are read."""

import sys
from collections.abc import Sequence

from optuna.trial import TrialState

from imgcls.cli import command
from imgcls.cli.terminal import next_step, progress_line, say
from imgcls.command_line import command_line
from imgcls.config import TrainConfig, flag
from imgcls.counted import counted
from imgcls.workflow.search import Search
from imgcls.workflow.search_space import Range


def search_and_show(base: TrainConfig, space: Sequence[Range], study: str, trials: int, prune: bool) -> int:
    """Search, and print the best trial."""
    search = Search(base, space, study, prune)
    try:
        with progress_line() as progress:
            search.run(trials, progress)
    except KeyboardInterrupt:
        next_step(command_line("tune", *sys.argv[1:]))
        raise
    show_search(search)
    return command.OK


def show_search(search: Search) -> None:
    """Print the best trial. Raises RuntimeError if there is none."""
    (best, path), metric = search.best(), search.metric
    states = [trial.state for trial in search.ended()]
    early, failed = states.count(TrialState.PRUNED), states.count(TrialState.FAIL)
    say(
        f"\nBest of {counted(len(states), 'trial')}, of which {early} were ended early and {failed} failed: "
        f"{metric.shown(metric.rank(search.study.best_value))} {metric.title} on validation, with"
    )
    for name, value in best.params.items():
        say(f"  {flag(name)} {value:.4g}" if isinstance(value, float) else f"  {flag(name)} {value}")
    next_step(command_line("evaluate", path))
