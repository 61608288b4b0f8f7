"""Judge a trained model on images that it has not seen.

Prints the figures of each class and writes evaluation.json and report.html into the run folder. Those of another split
or of other images (--data) stand beside them, such as report-validation.html and report-photos-1f0c9a3e-all.html.

Examples:
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --split validation
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --data photos
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.counted import counted
from imgcls.files import check_writable

if TYPE_CHECKING:
    import pandas as pd

    from imgcls.data.manifest.table import Manifest
    from imgcls.evaluation.metrics import Evaluation
    from imgcls.evaluation.whitening import Whitened
    from imgcls.run_folder import RunFolder

WHITENED = 12  # images in the report, before and after


@dataclass(frozen=True)
class Options:
    run: Annotated[Path, tyro.conf.Positional]  # folder of the run
    split: Literal["test", "validation", "train"] = "test"  # which images; all of --data, if it has no splits
    data: str = ""  # other images than the run's own: folder, manifest or card


def main(options: Options) -> int:
    from imgcls.cli.terminal import next_step, say, warn
    from imgcls.run_folder import RunFolder

    run = RunFolder(options.run)
    run.require_model(warn)
    command.import_tensorflow()

    judged = images_of(run, options.split, options.data)
    for file in judged.files(run):
        check_writable(file)
    evaluation = judge(run, judged)
    show(evaluation, judged.part, judged.data)
    report, figures = judged.files(run)
    say(f"\nReport: {report}\nFigures: {figures}")
    next_step(f"python -m imgcls.export {run.path}")
    return command.WITH_PROBLEMS if evaluation.missing else command.OK


@dataclass(frozen=True)
class Judged:
    """The images that are judged on: rows of the manifest.

    part: the split that they are, or "all". data: as the user named it; empty for the run's own.
    """

    manifest: "Manifest"
    rows: "pd.DataFrame"
    part: str
    data: str = ""

    def files(self, run: "RunFolder") -> tuple[Path, Path]:
        """Where the report and the figures are written: those of the run's own test split have the plain names."""
        from imgcls.data.cache import source_name

        files = (run.report_file, run.evaluation_file)
        if not self.data and self.part == "test":
            return files
        named = str(Path(self.data).resolve()) if Path(self.data).exists() else self.data
        ending = f"{source_name(named, 8)}-{self.part}" if self.data else self.part
        return tuple(file.with_name(f"{file.stem}-{ending}{file.suffix}") for file in files)


def images_of(run: "RunFolder", split: str, data: str = "") -> Judged:
    """The images of a split of the run, or of `data`, where all are taken that have no split.

    Raises ValueError, before any image is opened, if `data` has a class that the run's model does not know, or none of
    that split.
    """
    from imgcls.cli.terminal import warn
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.manifest.table import Manifest, check_one_label
    from imgcls.data.sources.load import load_manifest

    own = Manifest.load(run.manifest_file)
    if not data:
        return Judged(own, own.split(split), split)
    found = load_manifest(data, warn)
    part = split if found.usable["split"].any() else "all"
    _check_classes(_part(found, part), own.class_names, data, part)
    manifest = inspect(found)
    check_one_label(manifest)
    return Judged(manifest, _part(manifest, part), part, data)


def _part(manifest: "Manifest", part: str) -> "pd.DataFrame":
    return manifest.usable if part == "all" else manifest.split(part)


def _check_classes(rows: "pd.DataFrame", known: list[str], data: str, part: str) -> None:
    if rows.empty:
        raise ValueError(f"{data} has no images for {part}. Choose another --split, or other --data.")
    strangers = rows.loc[~rows["label"].isin(known), "label"].value_counts()
    if len(strangers):
        named = ", ".join(f"{label!r} ({counted(count, 'image')})" for label, count in strangers.head(5).items())
        more = f" and {len(strangers) - 5} more" if len(strangers) > 5 else ""
        raise ValueError(
            f"{data} has classes that the model does not know: {named}{more}. It knows: {', '.join(known)}. Rename or "
            "leave out the others: python -m imgcls.import_labels has --rename and --overlay."
        )


def evaluate_run(run: "RunFolder", split: str = "test", data: str = "") -> "Evaluation":
    """Judge a run's model on one of its splits, or on other data, and write the figures and the report."""
    return judge(run, images_of(run, split, data))


def judge(run: "RunFolder", judged: Judged) -> "Evaluation":
    """Judge a run's model on these images, and write the figures and the report."""
    from imgcls.cli.terminal import progress
    from imgcls.data.manifest.table import Manifest
    from imgcls.data.splits.assign import split_hash
    from imgcls.evaluation.metrics import evaluate_predictions
    from imgcls.evaluation.report import worst_mistakes, write_report
    from imgcls.files import write_json
    from imgcls.predict import predictor_of_run

    manifest, rows = judged.manifest, judged.rows
    predictor = predictor_of_run(run)
    with progress(f"Judging on {judged.part}", len(rows)) as on_progress:
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
    report, figures = judged.files(run)
    source = {"data": judged.data or config.input.data, "split": judged.part, "split_hash": splits}
    write_json(figures, {**source, "problems": left_out, **evaluation.to_dict()})
    write_report(
        report,
        title=run.path.name,
        facts={
            "model": config.network.model,
            "weights": config.network.weights,
            "trained": "; ".join([config.network.plan, *run.plan().get("reasons", [])]),
            "data": config.input.data,
            "images": f"{len(own.split('train')):,} for training",
            "judged on": f"{judged.data}, {judged.part}" if judged.data else f"the {judged.part} split",
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

    from imgcls.data.images.preprocessing import Preprocessing
    from imgcls.data.images.reading import read_images
    from imgcls.evaluation.whitening import show_whitening
    from imgcls.models.classifier import in_channels_last, load_model, preprocessing

    model = in_channels_last(load_model(run.require_model()))
    layer = model.get_layer("whitening")
    outcomes = read_images(paths, Preprocessing(**preprocessing(model)))
    before = np.stack([outcome.result for outcome in outcomes if not outcome.problem])
    after = keras.Model(model.input, layer.output).predict_on_batch(before)
    return show_whitening(before, np.asarray(after), np.asarray(layer.explained_variance_))


def show(evaluation: "Evaluation", part: str, data: str = "") -> None:
    """Print the figures of each class and of all. part, data: as `Judged` has them."""
    from imgcls.cli.terminal import percent, say, table
    from imgcls.evaluation.report import most_confused

    rows = [
        [c.name, percent(c.precision), percent(c.recall), percent(c.f1), str(c.support)] for c in evaluation.classes
    ]
    table(["class", "precision", "recall", "F1", "images"], rows)
    confusions = [f"{true} taken for {taken} ({count})" for true, taken, count, _ in most_confused(evaluation)[:3]]
    if confusions:
        say(f"\nMost confused: {', '.join(confusions)}")
    where = "all images" if part == "all" else f"the {part} split"
    where = f"{where} of {data}" if data else where
    say(
        f"\nAccuracy on {where}: {percent(evaluation.accuracy)}"
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
