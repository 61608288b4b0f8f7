"""Name what is on images, with a trained run, an exported bundle, or published ImageNet weights.

Examples:
  python -m imgcls.predict runs/fashion_mini-resnet20-1 datasets/fashion_mini/test/bag
  python -m imgcls.predict saved_models/fashion_mini-resnet20-1 'photos/*.jpg' --output predictions.csv
  python -m imgcls.predict photo.jpg --model efficientnet_lite0

Files that cannot be read stand in the table with their reason; the exit code is then 3.
"""

import glob
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from imgcls.cli import command
from imgcls.counted import counted
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ

__doc__ = f"{__doc__}\n{WHAT_IS_READ}\n"

if TYPE_CHECKING:
    from imgcls.run_folder import RunFolder
    from imgcls.serving.predictor import Predictions, Predictor

OUTPUT_FORMATS = (".csv", ".jsonl", ".parquet")
MOST_SHOWN = 20  # rows in the terminal
MOST_REPEATED = 3  # names of images that the next step repeats


@dataclass(frozen=True)
class Options:
    inputs: Annotated[tuple[str, ...], tyro.conf.Positional]  # run or bundle, then image files, folders, globs, cards
    model: str = ""  # an architecture with published ImageNet weights, in place of a run or bundle
    top: int = 3  # classes named for each image
    output: Path | None = None  # .csv, .jsonl or .parquet file for the table


def main(options: Options) -> int:
    source, names = (None, options.inputs) if options.model else (options.inputs[:1], options.inputs[1:])
    if not options.inputs or not names:
        what = "an image" if options.model else "a run or bundle, and then images"
        raise ValueError(f"Expected {what}. For example: python -m imgcls.predict runs/my-run photos/")
    if options.top < 1:
        raise ValueError(f"--top is {options.top}; expected at least 1.")
    if options.output and options.output.suffix not in OUTPUT_FORMATS:
        raise ValueError(f"--output is {options.output}; expected a file that ends in {', '.join(OUTPUT_FORMATS)}.")
    if options.output:
        check_writable(options.output)
    if source:
        check_source(Path(source[0]))
    paths = list_images(names)
    command.import_tensorflow()
    from imgcls.cli.terminal import next_step, progress, say

    predictor = pretrained_predictor(options.model) if options.model else predictor_of(Path(source[0]))
    with progress("Predicting", len(paths)) as on_progress:
        predictions = predictor.predict_files(paths, on_progress)
    show(predictions, options.top)
    if options.output:
        save(predictions, options.top, options.output)
        say(f"\nWritten to {options.output}")
    next_step(*what_next(options))
    return command.OK if predictions.readable.all() else command.WITH_PROBLEMS


def what_next(options: Options) -> list[str]:
    """What to type next: keep the table, and then the next command on the road."""
    source, *images = options.inputs
    named = " ".join(map(shlex.quote, options.inputs)) if len(images) <= MOST_REPEATED else f"{source} YOUR_IMAGES"
    with_model = f" --model {options.model}" if options.model else ""
    keep = [] if options.output else [f"python -m imgcls.predict {named}{with_model} --output predictions.csv"]
    if options.model:
        return [*keep, f"python -m imgcls.train --data YOUR_FOLDER --model {options.model}   # your own classes"]
    return [*keep, f"python -m imgcls.{'serve' if _is_bundle(Path(source)) else 'export'} {shlex.quote(source)}"]


def list_images(names: tuple[str, ...]) -> list[Path]:
    """Files as they are, folders with all files in them, globs with what they match, cards with all their images.

    They come in this order, each once.

    A name that matches nothing is kept, so that it appears among the problems. Raises ValueError for an empty folder.
    """
    from imgcls.data.sources.cards import list_cards
    from imgcls.data.sources.load import load_manifest

    paths: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if not path.exists() and name in list_cards():
            manifest = load_manifest(name)
            found = manifest.paths(manifest.usable)
        elif path.is_dir():
            found = [p for p in sorted(path.rglob("*")) if p.is_file() and not p.name.startswith(".")]
            if not found:
                raise ValueError(f"The folder {path} holds no files. Name a folder with images in it.")
        else:
            found = [] if path.exists() else [Path(p) for p in sorted(glob.glob(name, recursive=True))]
            found = [p for p in found if p.is_file()] or [path]
        paths.update(dict.fromkeys(found))
    return list(paths)


def check_source(path: Path) -> None:
    """Raise ValueError if `path` is neither a run with a model nor a bundle, before anything heavy is loaded."""
    from imgcls.run_folder import RunFolder

    if _is_bundle(path):
        return
    if not path.exists():
        raise FileNotFoundError(
            f"There is nothing at {path}. Expected the folder of a run or a bundle, and images after it; "
            "or images alone, with --model efficientnet_lite0."
        )
    if not path.is_dir():
        raise ValueError(
            f"{path} is a file. Expected the folder of a run or a bundle before the images; "
            "or add --model efficientnet_lite0 to name things with ImageNet's classes."
        )
    RunFolder(path).require_model()


def _is_bundle(path: Path) -> bool:
    return any(path.glob("saved_model.pb")) or any(path.glob("[0-9]*/saved_model.pb"))


def predictor_of(path: Path) -> "Predictor":
    """The predictor of a run folder or of a bundle."""
    from imgcls.run_folder import RunFolder

    if _is_bundle(path):
        from imgcls.serving.bundle import load_bundle

        return load_bundle(path)
    return predictor_of_run(RunFolder(path))


def predictor_of_run(run: "RunFolder") -> "Predictor":
    """The predictor of a run's model."""
    from imgcls.models import load_model

    return _predictor(load_model(run.require_model()))


def pretrained_predictor(name: str) -> "Predictor":
    """The predictor of an architecture with its published ImageNet weights and classes."""
    from imgcls.models import build_model

    return _predictor(build_model(name, weights="imagenet"))


def _predictor(model) -> "Predictor":
    import tensorflow as tf

    from imgcls.data.images.preprocessing import Preprocessing
    from imgcls.models.classifier import class_names, preprocessing
    from imgcls.serving.predictor import Predictor

    function = tf.function(
        lambda pixels: model(pixels, training=False),
        input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)],
    )
    return Predictor(
        lambda pixels: function(tf.constant(pixels)).numpy(), class_names(model), Preprocessing(**preprocessing(model))
    )


def show(predictions: "Predictions", top: int) -> None:
    """Print the table, and below it the problems."""
    from imgcls.cli.terminal import percent, say, say_transcoded, table
    from imgcls.image_files import shown_name

    shown = predictions.table(top)
    good = shown[shown["problem"] == ""]
    rows = []
    for row in good.head(MOST_SHOWN).to_dict("records"):
        endings = ["", *(f"_{place}" for place in range(2, top + 1))]
        named = [(row[f"class{e}"], row[f"probability{e}"]) for e in endings if f"class{e}" in row]
        first, *others = named
        rows.append([row["image"], first[0], percent(first[1]), ", ".join(f"{n} {percent(p)}" for n, p in others)])
    if rows:
        table(["image", "class", "probability", "then"], rows, text_columns=4)
    if len(good) > MOST_SHOWN:
        say(f"... and {len(good) - MOST_SHOWN:,} more; --output predictions.csv keeps them all.")
    say_transcoded([shown_name(path) for path in predictions.transcoded])
    bad = shown[shown["problem"] != ""]
    if len(bad):
        say(f"\n{len(bad):,} of {counted(len(shown), 'file')} could not be read:")
        table(["image", "problem"], bad[["image", "problem"]].head(MOST_SHOWN).to_numpy().tolist(), text_columns=2)


def save(predictions: "Predictions", top: int, path: Path) -> None:
    """Write the table as CSV, JSON lines or Parquet, by the ending; whole or not at all."""
    from imgcls.files import replacing

    shown = predictions.table(top)
    with replacing(path) as partial:
        if path.suffix == ".csv":
            shown.to_csv(partial, index=False)
        elif path.suffix == ".jsonl":
            shown.to_json(partial, orient="records", lines=True, force_ascii=False, double_precision=7)
        else:
            shown.to_parquet(partial, index=False)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
