"""The judgement of a classifier: its predictions for images that it has not seen, as figures, a report and a card."""

from pathlib import Path
from typing import Literal

from imgcls.evaluation.metrics import Evaluation, evaluate_table
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.workflow.evaluation_output import Result, neighbours_of, write_evaluation
from imgcls.workflow.judged import Judged, images_of
from imgcls.workflow.predictions import predict_table, saved_predictions
from imgcls.workflow.subject import Subject

Split = Literal["test", "validation", "train"]


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
    return judge(images_of(Subject.of(run), split, data), progress).evaluation


def judge(judged: Judged, progress: Progress | None = None) -> Result:
    """Judge a classifier on these images, and write what `evaluate_run` writes."""
    progress = progress or Progress()
    table = _predictions(judged, progress)
    evaluation = evaluate_table(table)
    subject = judged.subject
    training = neighbours_of(subject.run, progress)
    result = Result(judged, table, evaluation, subject.judgement(), training)
    write_evaluation(result)
    return result


def _predictions(judged: Judged, progress: Progress) -> PredictionTable:
    """Those that are saved, if they are of this model and these images; else new ones, which are saved."""
    file, facts = judged.files.predictions, judged.facts()
    saved = saved_predictions(file, facts, judged.rows)
    if saved is not None:
        return saved
    on_progress = progress.of(f"Judging on {judged.part}", len(judged.rows))
    return predict_table(judged.subject.load(), judged.manifest, judged.rows, facts, on_progress).saved(file)
