"""The judgement of a run: its model on images that it has not seen, as figures and as a report."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.cache import source_name
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.manifest.task import settle_task
from imgcls.data.sources.load import load_manifest
from imgcls.data.splits.assign import split_hash
from imgcls.evaluation.metrics import Evaluation, evaluate_predictions
from imgcls.evaluation.report import Report, worst_mistakes, write_report
from imgcls.evaluation.whitening import Whitened, show_whitening
from imgcls.files import write_json
from imgcls.models.classifier import in_channels_last, load_model, preprocessing
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.serving.predictor import Predictions
from imgcls.workflow.predictor import predictor_of_run

WHITENED = 12  # images in the report, before and after
Split = Literal["test", "validation", "train"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judged:
    """The images that are judged on.

    Attributes:
        manifest: Where they are from.
        rows: Their rows of the manifest.
        part: The split that they are, or "all".
        data: The manifest's source as the user named it; empty for the run's own.
    """

    manifest: Manifest
    rows: pd.DataFrame
    part: str
    data: str = ""

    def files(self, run: RunFolder) -> tuple[Path, Path]:
        """Where the report and the figures are written: those of the run's own test split have the plain names."""
        files = (run.report_file, run.evaluation_file)
        if not self.data and self.part == "test":
            return files
        named = str(Path(self.data).resolve()) if Path(self.data).exists() else self.data
        ending = f"{source_name(named, 8)}-{self.part}" if self.data else self.part
        report, figures = (file.with_name(f"{file.stem}-{ending}{file.suffix}") for file in files)
        return report, figures


def evaluate_run(
    run: RunFolder | str | Path, split: Split = "test", data: str = "", progress: Progress | None = None
) -> Evaluation:
    """Judge a run's model on one of its splits, or on other data, and write the figures and the report.

    Args:
        run: Folder of a run that has a model.
        split: Which images; of `data` all that there are, if it has no splits.
        data: Other images than the run's own: folder, manifest or card.
        progress: Receives how many images are predicted.

    Returns:
        The figures. `evaluation.json` and `report.html` in the run folder hold them too; those of another split or of
        other data stand beside them under names of their own.

    Raises:
        ValueError: If the run has no model, or if `data` has classes that the model does not know.

    Example:
        ::

            from imgcls import evaluate_run

            evaluation = evaluate_run("runs/photos-1", split="validation")
            print(evaluation.accuracy, evaluation.metrics["balanced_accuracy"])
    """
    run = RunFolder.of(run)
    return judge(run, images_of(run, split, data), progress)


def images_of(run: RunFolder, split: str, data: str = "") -> Judged:
    """The images of a split of the run, or of `data`, where all are taken that have no split.

    Raises:
        ValueError: Before any image is opened, if `data` has a class that the run's model does not know, or no image
            of that split.
    """
    own = Manifest.load(run.manifest_file)
    if not data:
        return Judged(own, own.split(split), split)
    found = load_manifest(data)
    part = split if found.usable["split"].any() else "all"
    _check_classes(_part(found, part), own.class_names, data, part)
    manifest = inspect(found)
    settle_task("multi_label" if run.config.is_multi_label else "single_label", manifest)
    return Judged(manifest, _part(manifest, part), part, data)


def judge(run: RunFolder, judged: Judged, progress: Progress | None = None) -> Evaluation:
    """Judge a run's model on these images, and write the figures and the report."""
    manifest, rows = judged.manifest, judged.rows
    predictor = predictor_of_run(run)
    on_progress = (progress or Progress()).of(f"Judging on {judged.part}", len(rows))
    predictions = predictor.predict_files(manifest.paths(rows), on_progress, manifest.boxes(rows))
    read = predictions.readable
    evaluation = evaluate_predictions(
        rows["label"].to_numpy()[read], predictions.probabilities[read], predictor.class_names, int((~read).sum())
    )
    problems = _problems(run, manifest, predictions)
    _write_figures(run, judged, evaluation, problems)
    _write_report(run, judged, evaluation, predictions, problems)
    return evaluation


def _part(manifest: Manifest, part: str) -> pd.DataFrame:
    return manifest.usable if part == "all" else manifest.split(part)


def _check_classes(rows: pd.DataFrame, known: list[str], data: str, part: str) -> None:
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


def _problems(run: RunFolder, manifest: Manifest, predictions: Predictions) -> list[tuple[str, str]]:
    """Every file that was left out, before training, during it, or now, with the reason."""
    gone = [(str(path), why) for path, why in zip(predictions.paths, predictions.problems, strict=True) if why]
    return [*manifest.problems.itertuples(index=False, name=None), *run.lost().items(), *gone]


def _write_figures(run: RunFolder, judged: Judged, evaluation: Evaluation, problems: list[tuple[str, str]]) -> None:
    _, figures = judged.files(run)
    splits = split_hash(Manifest.load(run.manifest_file))
    source = {"data": judged.data or run.config.input.data, "split": judged.part, "split_hash": splits}
    write_json(figures, {**source, "problems": problems, **evaluation.to_dict()})


def _write_report(
    run: RunFolder,
    judged: Judged,
    evaluation: Evaluation,
    predictions: Predictions,
    problems: list[tuple[str, str]],
) -> None:
    report, _ = judged.files(run)
    read, manifest = predictions.readable, judged.manifest
    paths = [path for path, ok in zip(predictions.paths, read, strict=True) if ok]
    rows = judged.rows[read]
    shown = Report(
        title=run.path.name,
        facts=_facts(run, judged),
        evaluation=evaluation,
        metrics=run.metrics(),
        mistakes=worst_mistakes(
            paths, list(rows["label"]), predictions.probabilities[read], predictions.class_names, manifest.boxes(rows)
        ),
        problems=problems,
        config=run.config_file.read_text("utf-8"),
        whitening=_whitening(run, paths[:WHITENED]) if run.config.input.whitening != "none" else None,
    )
    write_report(report, shown)


def _facts(run: RunFolder, judged: Judged) -> dict[str, str]:
    """What stands at the head of the report."""
    config, own = run.config, Manifest.load(run.manifest_file)
    return {
        "model": config.network.model,
        "weights": config.network.weights,
        "trained": "; ".join([config.network.plan, *run.plan().get("reasons", [])]),
        "data": config.input.data,
        "images": f"{len(own.split('train')):,} for training",
        "judged on": f"{judged.data}, {judged.part}" if judged.data else f"the {judged.part} split",
        "splits": split_hash(own)[:12],
    }


def _whitening(run: RunFolder, paths: list[Path]) -> Whitened:
    """What the run's whitening layer makes of some images."""
    model = in_channels_last(load_model(run.require_model()))
    layer = model.get_layer("whitening")
    outcomes = read_images(paths, Preprocessing(**preprocessing(model)))
    before = np.stack([outcome.result for outcome in outcomes if not outcome.problem])
    after = keras.Model(model.input, layer.output).predict_on_batch(before)
    return show_whitening(before, np.asarray(after), np.asarray(layer.explained_variance_))
