"""Search for the settings of a run that is best on validation, with Optuna.

Every trial is a run of its own, in a process of its own, and is judged on validation only, by the epoch that it keeps.
A hopeless one is ended early, one that fails counts as failed, and the search goes on. What was tried stands in an
SQLite file: the same command goes on where it stopped, also in the middle of a trial, and several of them at once
share the work. A search goes on with the same data, settings and ranges alone; others need another --study. Needs
`pip install imgcls[tune]`.

Examples:
  python -m imgcls.tune --data photos --trials 20
  python -m imgcls.tune --data photos --trials 20 --search learning_rate=1e-4:1e-2 dropout=0:0.5 optimizer=adamw,sgd
  python -m imgcls.tune --config runs/photos-efficientnet_lite0-1/config.toml --study photos
"""

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from imgcls.cli import command, flags
from imgcls.config import TrainConfig
from imgcls.config_file import load_toml
from imgcls.files import check_writable
from imgcls.run_folder import cleaned_name

DEFAULT_SEARCH = ("learning_rate=1e-4:1e-2", "weight_decay=1e-4:1e-1", "label_smoothing=0:0.2")


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    first_flags: ClassVar = (
        "data", "model", "weights", "epochs", "study", "trials", "search", "prune", "runs", "config",
    )  # fmt: skip
    train: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    config: Path | None = None  # TOML file to start from, as every run folder holds; flags change its values
    study: str = ""  # name of the search, whose runs and SQLite file are in <runs>/<study>; empty: <data>-search
    trials: int = 20  # runs, over all processes and starts together
    prune: bool = True  # end a trial whose figure is below the median of the others' at the same epoch
    search: tuple[str, ...] = DEFAULT_SEARCH  # field=least:most or field=value,value (or true,false), each


def main(options: Options) -> int:
    """Search, and print the best trial."""
    if find_spec("optuna") is None:
        raise ValueError("The search needs Optuna: pip install imgcls[tune]")
    if options.train.input.folds and not options.train.input.fold:
        raise ValueError("A search looks at one validation split; name the fold that it is with --fold.")
    from imgcls.cli.run_tune import search_and_show
    from imgcls.workflow.search_space import check_space

    space = check_space(options.search, options.train)
    study = options.study or cleaned_name(f"{Path(options.train.input.data).stem}-search")
    check_writable(Path(options.train.runs) / study, folder=True)
    return search_and_show(options.train, space, study, options.trials, options.prune)


def options_from_config_file() -> Options | None:
    """The values of the file behind --config, which the other flags then change."""
    file = flags.typed().get("--config")
    return Options(train=load_toml(file), config=Path(file)) if file else None


if __name__ == "__main__":
    command.run(main, Options, __doc__, default=options_from_config_file)
