"""What a classifier is worth, in plain words: the head of the report."""

import numpy as np

from imgcls.counted import counted
from imgcls.evaluation.answers import Answers, Share

FEW = 30  # images, below which a share says next to nothing
FEW_OF_A_CLASS = 10
SURE = 0.9  # of an answer that is said to be sure
KNOWN = {  # split: what its images are to the model, and the remark that follows from it
    "train": ("training image", "It has learned from these images, so new ones will do worse."),
    "validation": (
        "validation image",
        "The epoch was chosen on these images, so new ones may do a little worse; the test split says how much.",
    ),
}
LAST = "Whether that is good enough is not claimed: it depends on what a mistake costs."


def verdict(answers: Answers) -> list[str]:
    """The verdict on a classifier, as sentences for those who know nothing of metrics.

    Args:
        answers: Its answers for one image at the least; the split is named in the facts of their table.
    """
    split = str(answers.table.facts.get("split", ""))
    image, remark = KNOWN.get(split, ("new image", ""))
    if len(answers.table) < FEW:
        return [*_of_few(answers.accuracy, image), LAST]
    sentences = [_headline(answers, image), *_weakest(answers), *_sure(answers), *_without_learning(answers)]
    return [*sentences, *([remark] if remark else []), LAST]


def share_in_words(share: Share, of_what: str = "") -> str:
    """A share with its 95 % interval, as sentences say it.

    Example:
        >>> share_in_words(Share(85, 100)), share_in_words(Share(999, 1000), "new images")
        ('85 of 100 (77 to 91)', '999 of 1,000 new images (994 to 1,000)')
    """
    of = 1000 if 0.99 < share.value < 1 or 0 < share.value < 0.01 else 100
    low, high = (f"{of * end:,.0f}" for end in share.interval)
    things = f" {of_what}" if of_what else ""
    return f"{of * share.value:,.0f} of {of:,}{things} ({low} to {high})"


def _of_few(share: Share, image: str) -> list[str]:
    return [
        f"It is right for {share.part} of {counted(share.whole, image)}: too few to say how good it is.",
        f"Judge it on {FEW} at the least, better on some hundreds.",
    ]


def _headline(answers: Answers, image: str) -> str:
    share = answers.accuracy
    if answers.table.is_multi_label:
        return f"It gets all labels right for {share_in_words(share, f'{image}s')}."
    return f"It names {share_in_words(share, f'{image}s rightly')}."


def _weakest(answers: Answers) -> list[str]:
    """The class of which the least is found, and what it is taken for."""
    there = np.flatnonzero(answers.support >= FEW_OF_A_CLASS)
    if len(there) < 2:
        return []
    worst = int(there[np.argmin(answers.found[there] / answers.support[there])])
    share, names = answers.recall(worst), answers.table.class_names
    if share.part == share.whole:
        return ["No class stands out as the weakest: all of them are found."]
    taken = next((answer for true, answer, _ in answers.confusions() if true == worst), None)
    mostly = "" if taken is None else f", and takes it most often for {names[taken]}"
    return [f"It is worst at {names[worst]}: it finds {share_in_words(share)}{mostly}."]


def _sure(answers: Answers) -> list[str]:
    """How often it is right where it is sure, which says whether its probabilities can be acted on."""
    sure = answers.confidence >= SURE
    share = Share(int(answers.right[sure].sum()), int(sure.sum()))
    if share.whole < FEW:
        return []
    part = f"{100 * sure.mean():.0f} of 100 images"
    return [f"It is at least {100 * SURE:.0f} % sure of {part}; of those, {share_in_words(share)} are right."]


def _without_learning(answers: Answers) -> list[str]:
    if answers.table.is_multi_label:
        return []
    most = int(answers.support.argmax())
    share = answers.support[most] / len(answers.table)
    return [f"Always answering {answers.table.class_names[most]} would be right for {100 * share:.0f} of 100."]
