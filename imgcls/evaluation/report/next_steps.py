"""What to do next, by the figures of one run: its curves, its classes and what it takes for what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.evaluation.pages.section import NextStep
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report.answers import Answers, Share

LEAST_GAP = 0.05  # of the accuracy on training images over that on validation, from which on it is overfitting
LEAST_RISE = 0.005  # of the accuracy in the last quarter of the epochs, from which on more epochs are worth trying
LEAST_EPOCHS = 4  # from which on a curve says something
LEAST_CONFUSED = 3  # images, below which two classes are not said to be confused
LEAST_SHARE_CONFUSED = 0.05  # of the images of each of the two
FEW = 0.5  # of the median of the classes' training images, below which a class has few
SURE = 0.95  # of an answer that is wrong, from which on its label is worth a look
LEAST_SURE = 3  # of such images
FEW_JUDGED = 30  # images, below which a judgement says next to nothing
MOST_OF_A_KIND = 3  # steps of one kind that are worth reading
LEAST_WAITING = 0.15  # of the last epoch's time, from which on waiting for images is worth a word
LEAST_WAITED = 20.0  # seconds of all epochs, likewise
LARGER = 2.0  # times the side that the network sees, from which on images lose detail
SMALLER = 0.5


@dataclass(frozen=True)
class Trained:
    """How the model came about.

    Attributes:
        run: The run's folder, as it is typed; empty for a bundle, which cannot be trained again.
        data: The data, as it is typed.
        epochs: A dictionary an epoch, as metrics.jsonl holds them.
        counts: Training images of each class.
        image_size: Side in pixels that the network sees; 0 if it is not known.
        problems: How many files could not be used.
        waiting: How many images wait for a label.
    """

    run: str
    data: str = ""
    epochs: Sequence[Mapping[str, Any]] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    image_size: int = 0
    problems: int = 0
    waiting: int = 0


def report_steps(table: PredictionTable, trained: Trained) -> list[NextStep]:
    """What one run's own figures advise. Each step has the figure behind it; without one there is none.

    Args:
        table: What the model says of images that it did not learn from.
        trained: How it came about.

    Returns:
        The steps that might bring most first; empty if nothing stands out.
    """
    if not len(table):
        return []
    answers = Answers(table)
    wrong = 1 - answers.accuracy.value
    steps = [
        *_too_few(answers, trained),
        *_overfitting(trained, wrong),
        *_not_converged(trained, wrong),
        *_few_images(answers, trained),
        *_confused(answers, trained),
        *_sure_mistakes(answers, trained),
        *_other_size(table, trained),
        *_slow_images(trained),
        *_unlabelled(trained),
        *_unusable(trained),
    ]
    return ranked(steps)


def ranked(steps: Sequence[NextStep]) -> list[NextStep]:
    """The steps that might bring most first; equal ones stay in their order."""
    return sorted(steps, key=lambda step: -step.gain)


def _again(trained: Trained, *flags: str) -> str:
    """The command that trains once more with other settings, next to the run; empty where there is no run."""
    if not trained.run:
        return ""
    name = f"{trained.run.rstrip('/').rpartition('/')[2]}-2"
    return command_line("train", "--config", f"{trained.run}/config.toml", "--name", name, *flags)


def _curve(trained: Trained, name: str) -> np.ndarray:
    """A metric after each trained epoch; empty if one of them lacks it."""
    epochs = [row for row in trained.epochs if row.get("epoch")]
    values = [row.get(name) for row in epochs]
    return np.array(values, float) if values and None not in values else np.zeros(0)


def _too_few(answers: Answers, trained: Trained) -> list[NextStep]:
    """Judging again on more images, where these say next to nothing."""
    number = len(answers.table)
    if number >= FEW_JUDGED:
        return []
    low, high = (100 * end for end in answers.accuracy.interval)
    why = f"{counted(number, 'image')} can only say that between {low:.0f} and {high:.0f} of 100 are right."
    command = command_line("evaluate", trained.run, "--data", "FOLDER") if trained.run else ""
    return [NextStep("Judge it on more images", why, command)]


def _overfitting(trained: Trained, wrong: float) -> list[NextStep]:
    training, validation = _curve(trained, "accuracy"), _curve(trained, "val_accuracy")
    if len(training) < LEAST_EPOCHS or len(training) != len(validation):
        return []
    best = int(np.argmax(validation))
    gap = float(training[best] - validation[best])
    if gap < LEAST_GAP:
        return []
    why = (
        f"In the best epoch {100 * training[best]:.0f} of 100 training images were right and "
        f"{100 * validation[best]:.0f} of 100 validation images: it learns images by heart (overfitting)."
    )
    what = "Vary the training images more, or add images"
    return [NextStep(what, why, _again(trained, "--augmentation", "strong"), _points(min(gap, wrong)))]


def _not_converged(trained: Trained, wrong: float) -> list[NextStep]:
    values = _curve(trained, "val_accuracy")
    if len(values) < LEAST_EPOCHS:
        return []
    before = values[: -max(1, len(values) // 4)].max()
    rise = float(values[-1] - before)
    if values[-1] < values.max() or rise < LEAST_RISE:
        return []
    why = (
        f"The last of {counted(len(values), 'epoch')} was the best: accuracy on validation still rose by "
        f"{100 * rise:.1f} points in the last quarter."
    )
    longer = _again(trained, "--epochs", str(2 * len(values)))
    return [NextStep("Train longer", why, longer, _points(min(rise, wrong)))]


def _few_images(answers: Answers, trained: Trained) -> list[NextStep]:
    """Classes with few training images that are found less often than the others."""
    if len(trained.counts) < 2:
        return []
    names = answers.table.class_names
    usual = float(np.median(list(trained.counts.values())))
    all_found = Share(int(answers.found.sum()), int(answers.support.sum()))
    steps = []
    for place, name in enumerate(names):
        count, recall = trained.counts.get(name, 0), answers.recall(place)
        if recall.whole and count < FEW * usual and recall.interval[1] < all_found.value:
            why = (
                f"It was trained on {counted(count, 'image')} of this class (half of the classes have more than "
                f"{usual:,.0f}), and finds {recall.part} of {recall.whole}; of all classes, "
                f"{100 * all_found.value:.0f} of 100."
            )
            gain = (all_found.value - recall.value) * recall.whole / len(answers.table)
            steps.append(NextStep(f"Add images of {name!r}", why, _audit(trained), _points(gain)))
    return ranked(steps)[:MOST_OF_A_KIND]


def _confused(answers: Answers, trained: Trained) -> list[NextStep]:
    """Two classes that are taken for each other, both ways."""
    names, support = answers.table.class_names, answers.support
    counts = {(true, answer): n for true, answer, n in answers.confusions()}
    steps = []
    for (one, other), n in counts.items():
        back = counts.get((other, one), 0)
        if one > other or min(n / support[one], back / max(1, support[other])) < LEAST_SHARE_CONFUSED:
            continue
        if min(n, back) >= LEAST_CONFUSED:
            why = (
                f"{n} of {counted(int(support[one]), 'image')} of {names[one]!r} are taken for {names[other]!r}, and "
                f"{back} of {support[other]} the other way."
            )
            what = f"Look at what tells {names[one]!r} from {names[other]!r}: labels, more images, or one class"
            gain = (n + back) / len(answers.table)
            steps.append(NextStep(what, why, _review(trained), _points(gain)))
    return ranked(steps)[:MOST_OF_A_KIND]


def _sure_mistakes(answers: Answers, trained: Trained) -> list[NextStep]:
    sure = int(((answers.confidence >= SURE) & ~answers.right).sum())
    if sure < LEAST_SURE:
        return []
    why = (
        f"{counted(sure, 'answer')} of {len(answers.table):,} are wrong though it is at least {100 * SURE:.0f} % sure."
    )
    what = "Look at the surest mistakes: their labels may be the mistake"
    return [NextStep(what, why, _review(trained), _points(sure / len(answers.table)))]


def _other_size(table: PredictionTable, trained: Trained) -> list[NextStep]:
    """Images of another size than the network sees: a matter of detail, or of time."""
    if not trained.image_size or "width" not in table.rows:
        return []
    sides = table.rows[["width", "height"]].min(axis=1).to_numpy(float)
    boxed = "x_min" in table.rows and bool(table.rows["x_min"].notna().any())
    side = float(np.median(sides)) if len(sides) else 0
    if boxed or not side or SMALLER * trained.image_size < side < LARGER * trained.image_size:
        return []
    if side >= LARGER * trained.image_size:
        what, than, size = "Try a larger image size", "more", min(1024, 2 * trained.image_size)
    else:
        what, than, size = (
            "Use larger images if there are any; else a smaller image size may do, and is faster",
            "less",
            trained.image_size // 2,
        )
    why = (
        f"Half of the images have {side:.0f} pixels or {than} on their shorter side; the network sees "
        f"{trained.image_size}."
    )
    return [NextStep(what, why, _again(trained, "--image-size", str(max(32, size))))]


def _slow_images(trained: Trained) -> list[NextStep]:
    """Reading the images in less time, where the steps waited for them."""
    waited, seconds = _curve(trained, "waiting_for_data"), _curve(trained, "seconds")
    if not len(waited) or waited[-1] < LEAST_WAITING or waited[-1] * seconds.sum() < LEAST_WAITED:
        return []
    why = f"In the last epoch the steps waited {100 * waited[-1]:.0f} % of the time for images."
    what = "Read the images in less time: as smaller files, from a cache, or with weaker augmentation"
    return [NextStep(what, why, command_line("prepare", trained.data) if trained.data else "")]


def _unlabelled(trained: Trained) -> list[NextStep]:
    if not trained.waiting:
        return []
    what = "Label the images that wait for a label"
    return [NextStep(what, f"{counted(trained.waiting, 'image')} had no label when this was trained.")]


def _unusable(trained: Trained) -> list[NextStep]:
    if not trained.problems:
        return []
    why = f"{counted(trained.problems, 'file')} could not be used; the end of the report names them."
    return [NextStep("Mend or remove the files that were left out", why, _audit(trained))]


def _review(trained: Trained) -> str:
    return command_line("review", trained.run) if trained.run else ""


def _audit(trained: Trained) -> str:
    return command_line("audit", trained.data) if trained.data else ""


def _points(share: float) -> float:
    """A share as percentage points, to a tenth."""
    return round(100 * max(0.0, share), 1)
