"""Judge a trained model on images that it has not seen.

Prints the figures of each class and writes evaluation.json and report.html into the run folder.

Examples:
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1
  python -m imgcls.evaluate runs/fashion_mini-resnet20-1 --split validation
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from imgcls import command

if TYPE_CHECKING:
    from imgcls.evaluation.metrics import Evaluation
    from imgcls.training.run_folder import RunFolder


@dataclass(frozen=True)
class Options:
    run: Annotated[Path, tyro.conf.Positional]  # folder of the run
    split: Literal["test", "validation", "train"] = "test"  # which of the run's images


def main(options: Options) -> int:
    from imgcls.training.run_folder import RunFolder

    run = RunFolder(options.run)
    run.require_model()
    command.import_tensorflow()
    from imgcls.terminal import next_step, say

    evaluation = evaluate_run(run, options.split)
    show(evaluation, options.split)
    say(f"\nReport: {run.report_file}\nFigures: {run.evaluation_file}")
    next_step(f"python -m imgcls.export {run.path}")
    return command.WITH_PROBLEMS if evaluation.missing else command.OK


def evaluate_run(run: "RunFolder", split: str = "test") -> "Evaluation":
    """Judge a run's model on one of its splits and write evaluation.json and report.html into the run folder."""
    from imgcls.data.manifest import Manifest
    from imgcls.data.splits import split_hash
    from imgcls.evaluation.metrics import evaluate_predictions
    from imgcls.evaluation.report import worst_mistakes, write_report
    from imgcls.files import write_json
    from imgcls.predict import predictor_of_run
    from imgcls.terminal import progress

    manifest = Manifest.load(run.manifest_file)
    rows = manifest.split(split)
    predictor = predictor_of_run(run)
    with progress(f"Judging on {split}", len(rows)) as on_progress:
        predictions = predictor.predict_files(manifest.paths(rows), on_progress, manifest.boxes(rows))
    read = predictions.readable
    labels = rows["label"].to_numpy()[read]
    probabilities = predictions.probabilities[read]
    evaluation = evaluate_predictions(labels, probabilities, predictor.class_names, missing=int((~read).sum()))

    paths = [path for path, ok in zip(predictions.paths, read, strict=True) if ok]
    gone = [(str(path), why) for path, why in zip(predictions.paths, predictions.problems, strict=True) if why]
    left_out = [*manifest.problems.itertuples(index=False, name=None), *gone]
    config = run.config
    splits = split_hash(manifest)
    write_json(
        run.evaluation_file, {"split": split, "split_hash": splits, "problems": left_out, **evaluation.to_dict()}
    )
    write_report(
        run.report_file,
        title=run.path.name,
        facts={
            "model": config.network.model,
            "weights": config.network.weights,
            "trained": "; ".join([config.network.plan, *run.plan().get("reasons", [])]),
            "data": config.input.data,
            "images": f"{len(manifest.split('train')):,} for training",
            "judged on": f"the {split} split",
            "splits": splits[:12],
        },
        evaluation=evaluation,
        metrics=run.metrics(),
        mistakes=worst_mistakes(paths, list(labels), probabilities, predictor.class_names, manifest.boxes(rows[read])),
        problems=left_out,
        config=run.config_file.read_text("utf-8"),
    )
    return evaluation


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
        f" {evaluation.images:,} images)"
    )
    say(
        f"Balanced accuracy {percent(evaluation.balanced_accuracy)}, mean F1 {percent(evaluation.macro_f1)},"
        f" log loss {evaluation.log_loss:.3f}"
    )
    if evaluation.missing:
        say(f"{evaluation.missing} images could not be read; they count neither as right nor as wrong.")


if __name__ == "__main__":
    command.run(main, Options, __doc__)
