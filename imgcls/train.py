"""Train a classifier on a folder with one folder of images a class.

Without flags it trains on the sample that comes along. Everything about the run is kept in its folder under runs/.

Examples:
  python -m imgcls.train
  python -m imgcls.train --data photos --model efficientnet_lite0 --weights imagenet --epochs 10
  python -m imgcls.train --config runs/fashion_mini-resnet20-1/config.toml --seed 1
  python -m imgcls.train --data boxes.parquet --plan patches
  python -m imgcls.train --folds 5
  python -m imgcls.train --resume runs/fashion_mini-resnet20-1
  python -m imgcls.train --resume runs/fashion_mini-resnet20-1 --epochs 60

What was interrupted or killed goes on from its last checkpoint with --resume, and so does a finished run that is to be
trained longer; --epochs, --learning-rate, --early-stopping-patience and --strategy may be given anew. With no more
--epochs than it has behind it, it is judged as it is. Folds go on by the same command again.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from imgcls.cli import command, flags
from imgcls.cli.terminal import go_on_unread
from imgcls.command_line import command_line
from imgcls.config import TrainConfig, flag
from imgcls.config_file import load_toml
from imgcls.run_folder import CHANGEABLE, Changes, RunFolder
from imgcls.training.devices.cluster import find_cluster


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    first_flags: ClassVar = (
        "data", "model", "weights", "plan", "augmentation", "epochs", "batch_size", "learning_rate", "seed", "folds",
        "name", "config", "resume",
    )  # fmt: skip
    train: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    config: Path | None = None  # TOML file to start from, as every run folder holds; flags change its values
    resume: Path | None = None  # run folder to continue, from its last checkpoint


def main(options: Options) -> int:
    """Train, or continue a run."""
    go_on_unread()
    if options.resume is None:
        command.import_tensorflow()
        from imgcls.cli.run_train import start

        return start(options.train)
    changes = _changes(options)
    run = RunFolder(options.resume)
    others = find_cluster()
    if others is None or others.is_chief:  # another worker's life is that of the first one
        run.check_not_alive()
    command.import_tensorflow()
    from imgcls.cli.run_train import resume

    return resume(run, changes)


def _changes(options: Options) -> Changes:
    """What of the run's config is to change where it continues: what was typed beside --resume."""
    may = {flag(name): getattr(options.train.training, name) for name in CHANGEABLE}
    typed = [name for name in flags.typed() if name != "--resume"]
    others = [name for name in typed if name not in may]
    if others:
        raise ValueError(
            f"--resume goes on with the run's own config, which {', '.join(others)} would change. What can be given "
            f"with it: {', '.join(may)}. Other settings make a new run: "
            f"{command_line('train', '--config', f'{options.resume}/config.toml', *others)} ..."
        )
    return {name.removeprefix("--").replace("-", "_"): may[name] for name in typed}


def options_from_config_file() -> Options | None:
    """The values of the file behind --config, which the other flags then change."""
    file = flags.typed().get("--config")
    return Options(train=load_toml(file), config=Path(file)) if file else None


if __name__ == "__main__":
    command.run(main, Options, __doc__, default=options_from_config_file)
