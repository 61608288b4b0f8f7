"""The judgement of a classifier: its predictions for images that it has not seen, as figures, a report and a card."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.manifest.trainable import check_one_label
from imgcls.data.sources.load import load_manifest
from imgcls.data.splits.assign import split_hash
from imgcls.evaluation.metrics import Evaluation, evaluate_predictions
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report import Report, worst_mistakes, write_report
from imgcls.evaluation.whitening import Whitened, show_whitening
from imgcls.files import write_json
from imgcls.models.classifier import in_channels_last, load_model, preprocessing
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.workflow.evaluation_files import EvaluationFiles
from imgcls.workflow.predictions import predict_table, saved_predictions
from imgcls.workflow.subject import Subject

WHITENED = 12  # images in the report, before and after
Split = Literal["test", "validation", "train"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judged:
    """A classifier, and the images that it is judged on.

    Attributes:
        subject: The classifier.
        manifest: Where the images are from.
        rows: Their rows of the manifest.
        files: Where the judgement is written.
    """

    subject: Subject
    manifest: Manifest
    rows: pd.DataFrame
    files: EvaluationFiles

    @property
    def part(self) -> str:
        """The split that the images are, or "all"."""
        return self.files.part

    @property
    def data(self) -> str:
        """Their source as the user named it; empty for the run's own."""
        return self.files.data

    def facts(self) -> dict[str, Any]:
        """What the table of predictions says of itself."""
        options = self.subject.options
        return {
            "run": self.subject.title,
            "data": self.data or options.get("input", {}).get("data", ""),
            "split": self.part,
            "split_hash": split_hash(self.manifest),
            "model": self.subject.checksum,
            "drawn_of": len(self.rows),
        }


def evaluate_run(
    run: RunFolder | str | Path, split: Split = "test", data: str = "", progress: Progress | None = None
) -> Evaluation:
    """Judge a classifier on images that it has not seen, and write predictions, figures, report and model card.

    Args:
        run: Folder of a run that has a model, or of an exported bundle.
        split: Which images; of `data` all that there are, if it has no splits.
        data: Other images than the run's own: folder, manifest or card. A bundle has none of its own.
        progress: Receives how many images are predicted.

    Returns:
        The figures. `evaluation.json`, `report.html`, `model_card.md` and `predictions/` in the run folder hold them
        too; those of another split or of other data stand beside them under names of their own.

    Raises:
        ValueError: If the run has no model, or if `data` has classes that the model does not know.

    Example:
        ::

            from imgcls import evaluate_run

            evaluation = evaluate_run("runs/photos-1", split="validation")
            print(evaluation.accuracy, evaluation.metrics["balanced_accuracy"])
    """
    return judge(images_of(Subject.of(run), split, data), progress)


def images_of(subject: Subject, split: str, data: str = "", output: str | Path = "") -> Judged:
    """The images of a split of the run, or of `data`, where all are taken that have no split.

    Args:
        subject: The classifier.
        split: Which images.
        data: Other images than the run's own.
        output: The folder for what is written; empty for the usual one.

    Raises:
        ValueError: Before any image is opened, if `data` has a class that the model does not know, or no image of that
            split.
    """
    folder = subject.folder(output)
    if not data:
        if subject.run is None:
            raise ValueError(f"The bundle {subject.path} holds no images. Name some: --data FOLDER.")
        own = Manifest.load(subject.run.manifest_file)
        _check_some(own.split(split), f"The run {subject.path}", split)
        return Judged(subject, own, own.split(split), EvaluationFiles(folder, split))
    found = load_manifest(data)
    part = split if found.usable["split"].any() else "all"
    _check_some(_part(found, part), data, part)
    _check_classes(_part(found, part), subject.class_names, data)
    manifest = inspect(found)
    check_one_label(manifest)
    return Judged(subject, manifest, _part(manifest, part), EvaluationFiles(folder, part, data))


def judge(judged: Judged, progress: Progress | None = None) -> Evaluation:
    """Judge a classifier on these images, and write what `evaluate_run` writes."""
    table = _predictions(judged, progress or Progress())
    evaluation = evaluate_predictions(
        list(table.rows["label"]), table.probabilities, table.class_names, len(table.problems)
    )
    problems = _problems(judged, table)
    _write_figures(judged, evaluation, problems)
    _write_report(judged, evaluation, table, problems)
    return evaluation


def _predictions(judged: Judged, progress: Progress) -> PredictionTable:
    """Those that are saved, if they are of this model and these images; else new ones, which are saved."""
    file, facts = judged.files.predictions, judged.facts()
    saved = saved_predictions(file, facts, judged.rows)
    if saved is not None:
        return saved
    on_progress = progress.of(f"Judging on {judged.part}", len(judged.rows))
    return predict_table(judged.subject.load(), judged.manifest, judged.rows, facts, on_progress).saved(file)


def _part(manifest: Manifest, part: str) -> pd.DataFrame:
    return manifest.usable if part == "all" else manifest.split(part)


def _check_some(rows: pd.DataFrame, source: str, part: str) -> None:
    if rows.empty:
        raise ValueError(f"{source} has no images for {part}. Choose another --split, or other --data.")


def _check_classes(rows: pd.DataFrame, known: list[str], data: str) -> None:
    strangers = rows.loc[~rows["label"].isin(known), "label"].value_counts()
    if len(strangers):
        named = ", ".join(f"{label!r} ({counted(count, 'image')})" for label, count in strangers.head(5).items())
        more = f" and {len(strangers) - 5} more" if len(strangers) > 5 else ""
        raise ValueError(
            f"{data} has classes that the model does not know: {named}{more}. It knows: {', '.join(known)}. Rename or "
            "leave out the others: python -m imgcls.import_labels has --rename and --overlay."
        )


def _problems(judged: Judged, table: PredictionTable) -> list[tuple[str, str]]:
    """Every file that was left out, before training, during it, or now, with the reason."""
    lost = judged.subject.run.lost().items() if judged.subject.run else ()
    return [*judged.manifest.problems.itertuples(index=False, name=None), *lost, *table.problems]


def _write_figures(judged: Judged, evaluation: Evaluation, problems: list[tuple[str, str]]) -> None:
    source = {name: judged.facts()[name] for name in ("data", "split", "split_hash")}
    write_json(judged.files.figures, {**source, "problems": problems, **evaluation.to_dict()})


def _write_report(
    judged: Judged, evaluation: Evaluation, table: PredictionTable, problems: list[tuple[str, str]]
) -> None:
    run = judged.subject.run
    shown = Report(
        title=judged.subject.title,
        facts=_facts(judged),
        evaluation=evaluation,
        metrics=run.metrics() if run else [],
        mistakes=worst_mistakes(
            table.paths(),
            list(table.rows["label"]),
            table.probabilities,
            table.class_names,
            judged.manifest.boxes(table.rows),
        ),
        problems=problems,
        config=judged.subject.config_text,
        whitening=_whitening(run, table.paths()[:WHITENED]) if run else None,
    )
    write_report(judged.files.report, shown)


def _facts(judged: Judged) -> dict[str, str]:
    """What stands at the head of the report."""
    options, run = judged.subject.options, judged.subject.run
    network = options.get("network", {})
    plan = run.plan().get("reasons", []) if run else []
    return {
        "model": network.get("model", ""),
        "weights": network.get("weights", ""),
        "trained": "; ".join([network.get("plan", ""), *plan]),
        "data": options.get("input", {}).get("data", ""),
        "images": f"{len(Manifest.load(run.manifest_file).split('train')):,} for training" if run else "",
        "judged on": f"{judged.data}, {judged.part}" if judged.data else f"the {judged.part} split",
        "splits": judged.facts()["split_hash"][:12],
    }


def _whitening(run: RunFolder, paths: list[Path]) -> Whitened | None:
    """What the run's whitening layer makes of some images; None without one."""
    if run.config.input.whitening == "none":
        return None
    model = in_channels_last(load_model(run.require_model()))
    layer = model.get_layer("whitening")
    outcomes = read_images(paths, Preprocessing(**preprocessing(model)))
    before = np.stack([outcome.result for outcome in outcomes if not outcome.problem])
    after = keras.Model(model.input, layer.output).predict_on_batch(before)
    return show_whitening(before, np.asarray(after), np.asarray(layer.explained_variance_))
