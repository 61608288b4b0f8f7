"""Judge a trained model on images that it has not seen.

Prints the figures of each class and writes evaluation.json and report.html into the run folder. With --data they are
of other images, and their names end with that of the data, such as report-photos.html.

Examples:
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --split validation
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --data photos
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from imgcls import command
from imgcls.counted import counted

if TYPE_CHECKING:
    import pandas as pd

    from imgcls.data.manifest import Manifest
    from imgcls.evaluation.metrics import Evaluation
    from imgcls.evaluation.whitening import Whitened
    from imgcls.training.run_folder import RunFolder

WHITENED = 12  # pictures in the report, before and after


@dataclass(frozen=True)
class Options:
    run: Annotated[Path, tyro.conf.Positional]  # folder of the run
    split: Literal["test", "validation", "train"] = "test"  # which images; all of --data, if it has no splits
    data: str = ""  # other images than the run's own: folder, manifest or card


def main(options: Options) -> int:
    from imgcls.training.run_folder import RunFolder

    run = RunFolder(options.run)
    run.require_model()
    command.import_tensorflow()
    from imgcls.terminal import next_step, say

    evaluation = evaluate_run(run, options.split, options.data)
    show(evaluation, options.split if not options.data else f"{options.split} of {options.data}")
    report, figures = files_of(run, options.data)
    say(f"\nReport: {report}\nFigures: {figures}")
    next_step(f"python -m imgcls.export {run.path}")
    return command.WITH_PROBLEMS if evaluation.missing else command.OK


def files_of(run: "RunFolder", data: str = "") -> tuple[Path, Path]:
    """Where the report and the figures are written, for the run's own images or for `data`."""
    if not data:
        return run.report_file, run.evaluation_file
    ending = f"-{Path(data).stem}"
    files = (run.report_file, run.evaluation_file)
    return tuple(file.with_name(f"{file.stem}{ending}{file.suffix}") for file in files)


def images_of(run: "RunFolder", split: str, data: str = "") -> tuple["Manifest", "pd.DataFrame"]:
    """The manifest that is judged on, and its rows of the split: of the run, or of `data`, where all are taken that
    have no split.
    """
    from imgcls.data.inspection import inspect
    from imgcls.data.manifest import Manifest, check_one_label
    from imgcls.data.sources import load_manifest
    from imgcls.terminal import warn

    if not data:
        manifest = Manifest.load(run.manifest_file)
        return manifest, manifest.split(split)
    manifest = inspect(load_manifest(data, warn))
    check_one_label(manifest)
    usable = manifest.usable
    return manifest, manifest.split(split) if usable["split"].any() else usable


def evaluate_run(run: "RunFolder", split: str = "test", data: str = "") -> "Evaluation":
    """Judge a run's model on one of its splits, or on other data, and write the figures and the report."""
    from imgcls.data.manifest import Manifest
    from imgcls.data.splits import split_hash
    from imgcls.evaluation.metrics import evaluate_predictions
    from imgcls.evaluation.report import worst_mistakes, write_report
    from imgcls.files import write_json
    from imgcls.predict import predictor_of_run
    from imgcls.terminal import progress

    manifest, rows = images_of(run, split, data)
    predictor = predictor_of_run(run)
    with progress(f"Judging on {split}", len(rows)) as on_progress:
        predictions = predictor.predict_files(manifest.paths(rows), on_progress, manifest.boxes(rows))
    read = predictions.readable
    labels = rows["label"].to_numpy()[read]
    probabilities = predictions.probabilities[read]
    evaluation = evaluate_predictions(labels, probabilities, predictor.class_names, missing=int((~read).sum()))

    paths = [path for path, ok in zip(predictions.paths, read, strict=True) if ok]
    gone = [(str(path), why) for path, why in zip(predictions.paths, predictions.problems, strict=True) if why]
    left_out = [*manifest.problems.itertuples(index=False, name=None), *run.lost().items(), *gone]
    config, own = run.config, Manifest.load(run.manifest_file)
    splits = split_hash(own)
    report, figures = files_of(run, data)
    judged = {"data": data or config.input.data, "split": split, "split_hash": splits, "problems": left_out}
    write_json(figures, {**judged, **evaluation.to_dict()})
    write_report(
        report,
        title=run.path.name,
        facts={
            "model": config.network.model,
            "weights": config.network.weights,
            "trained": "; ".join([config.network.plan, *run.plan().get("reasons", [])]),
            "data": config.input.data,
            "images": f"{len(own.split('train')):,} for training",
            "judged on": f"{data}, {split}" if data else f"the {split} split",
            "splits": splits[:12],
        },
        evaluation=evaluation,
        metrics=run.metrics(),
        mistakes=worst_mistakes(paths, list(labels), probabilities, predictor.class_names, manifest.boxes(rows[read])),
        problems=left_out,
        config=run.config_file.read_text("utf-8"),
        whitening=_whitening(run, paths[:WHITENED]) if config.input.whitening != "none" else None,
    )
    return evaluation


def _whitening(run: "RunFolder", paths: list[Path]) -> "Whitened":
    """What the run's whitening layer makes of some images."""
    import keras
    import numpy as np

    from imgcls.data.preprocessing import Preprocessing
    from imgcls.data.reading import read_images
    from imgcls.evaluation.whitening import show_whitening
    from imgcls.models.classifier import in_channels_last, load_model, preprocessing

    model = in_channels_last(load_model(run.require_model()))
    layer = model.get_layer("whitening")
    outcomes = read_images(paths, Preprocessing(**preprocessing(model)))
    before = np.stack([outcome.result for outcome in outcomes if not outcome.problem])
    after = keras.Model(model.input, layer.output).predict_on_batch(before)
    return show_whitening(before, np.asarray(after), np.asarray(layer.eigenvalues_))


def show(evaluation: "Evaluation", split: str) -> None:
    """Print the figures of each class and of all."""
    from imgcls.evaluation.report import most_confused
    from imgcls.terminal import percent, say, table

    rows = [
        [c.name, percent(c.precision), percent(c.recall), percent(c.f1), str(c.support)] for c in evaluation.classes
    ]
    table(["class", "precision", "recall", "F1", "images"], rows)
    confusions = [f"{true} taken for {taken} ({count})" for true, taken, count, _ in most_confused(evaluation)[:3]]
    if confusions:
        say(f"\nMost confused: {', '.join(confusions)}")
    say(
        f"\nAccuracy on the {split} split: {percent(evaluation.accuracy)}"
        f" (95 % interval {percent(evaluation.accuracy_low)} to {percent(evaluation.accuracy_high)},"
        f" {counted(evaluation.images, 'image')})"
    )
    say(
        f"Balanced accuracy {percent(evaluation.balanced_accuracy)}, mean F1 {percent(evaluation.macro_f1)},"
        f" log loss {evaluation.log_loss:.3f}"
    )
    if evaluation.missing:
        say(f"{counted(evaluation.missing, 'image')} could not be read, and so counted neither as right nor as wrong.")


if __name__ == "__main__":
    command.run(main, Options, __doc__)
