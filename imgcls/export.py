"""Export a trained run as a bundle that any TensorFlow Serving can load: image bytes in, class names out.

The bundle is proved before it is kept: a fresh process loads it and must give the probabilities of the run's model on
the run's own test images.

Examples:
  python -m imgcls.export runs/fashion_mini-resnet20-1
  python -m imgcls.export runs/fashion_mini-resnet20-1 --name clothing --output saved_models
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from imgcls.cli import command
from imgcls.counted import counted
from imgcls.files import check_writable

if TYPE_CHECKING:
    from imgcls.run_folder import RunFolder

MOST_IMAGES = 64  # of the test split, on which model and bundle are compared


@dataclass(frozen=True)
class Options:
    run: Annotated[Path, tyro.conf.Positional]  # folder of the run
    name: str = ""  # of the bundle; empty: the run's
    output: Path = Path("saved_models")  # folder for <name>/<version>


def main(options: Options) -> int:
    from imgcls.cli.terminal import next_step
    from imgcls.run_folder import RunFolder
    from imgcls.serving.versions import check_name

    run = RunFolder(options.run)
    run.require_model()
    name = check_name(options.name or run.path.resolve().name)
    check_writable(options.output / name, folder=True)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # both sides of the comparison on the same kind of processor
    command.import_tensorflow()
    version = export_run(run, options.output, name)
    show(version)
    next_step(f"python -m imgcls.serve {version.parent}", f"python -m imgcls.predict {version.parent} YOUR_IMAGES")
    return command.OK


def export_run(run: "RunFolder", output: Path, name: str) -> Path:
    """Write a run's model as the next version of the bundle `name`; returns the version's folder."""
    from imgcls.data.images.preprocessing import Preprocessing
    from imgcls.data.manifest.table import Manifest
    from imgcls.data.sources.cards import licence_of
    from imgcls.models.classifier import class_names, embedding_model, in_channels_last, load_model, preprocessing
    from imgcls.serving.bundle import write_bundle

    config = run.config
    manifest = Manifest.load(run.manifest_file)
    run_model = load_model(run.require_model())
    model = in_channels_last(run_model)
    return write_bundle(
        output,
        name,
        model,
        run_model=run_model,
        embedding=embedding_model(model),
        class_names=class_names(model),
        preprocessing=Preprocessing(**preprocessing(model)),
        images=evenly(list(dict.fromkeys(manifest.paths(manifest.split("test")))), MOST_IMAGES),
        architecture=run_model.name,
        config=run.config_file.read_text("utf-8"),
        licence=licence_of(config.input.data),
    )


def evenly(paths: list[Path], most: int) -> list[Path]:
    """At most `most` of the paths, evenly drawn, so that every class has its share."""
    count = min(most, len(paths))
    return [paths[i * len(paths) // count] for i in range(count)]


def show(version: Path) -> None:
    """Say what was written."""
    from imgcls.cli.terminal import say
    from imgcls.serving.bundle import read_details

    details = read_details(version)
    size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file())
    parity = details["parity"]
    say(f"Written: {version} ({size / 1e6:.1f} MB, {counted(len(details['class_names']), 'class')})")
    say(f"Signatures: {', '.join(details['signatures'])}")
    say(
        f"Parity: reloaded in a fresh process, it differs from the run's model by at most "
        f"{parity['largest_difference']:.1e} in a probability "
        f"({counted(parity['images'], 'test image')}; allowed {parity['allowed']:.0e})"
    )


if __name__ == "__main__":
    command.run(main, Options, __doc__)
