import numpy as np
import pytest

from imgcls.evaluation.report.answers import Answers
from imgcls.evaluation.report.verdict import LAST, verdict
from tests.evaluation.predicted import predicted, several

NAMES = ["coat", "shirt", "bag"]


def judged(folder, counts, split="test"):
    """The verdict on images by (true class, answer): number; each answer is 95 % sure."""
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    probabilities = [np.where(np.arange(3) == answer, 0.95, 0.025) for _, answer in pairs]
    return verdict(Answers(predicted(folder, [NAMES[label] for label, _ in pairs], probabilities, NAMES, split=split)))


def test_the_verdict_says_how_good_and_where_it_is_worst(tmp_path):
    sentences = judged(tmp_path, {(0, 0): 40, (1, 1): 25, (1, 0): 15, (2, 2): 20})
    assert sentences == [
        "It names 85 of 100 new images rightly (77 to 91).",
        "It is worst at shirt: it finds 62 of 100 (47 to 76), and takes it most often for coat.",
        "It is at least 90 % sure of 100 of 100 images; of those, 85 of 100 (77 to 91) are right.",
        "Always answering coat would be right for 40 of 100.",
        LAST,
    ]


def test_few_images_are_said_to_be_few(tmp_path):
    sentences = judged(tmp_path, {(0, 0): 3, (1, 0): 1})
    assert sentences[0] == "It is right for 3 of 4 new images: too few to say how good it is."
    assert sentences[1:] == ["Judge it on 30 at the least, better on some hundreds.", LAST]
    assert judged(tmp_path, {(0, 0): 1})[0].startswith("It is right for 1 of 1 new image: too few")


@pytest.mark.parametrize(("split", "image"), [("validation", "validation images"), ("train", "training images")])
def test_images_that_are_not_new_are_not_called_new(tmp_path, split, image):
    sentences = judged(tmp_path, {(0, 0): 40, (1, 1): 20}, split)
    assert image in sentences[0]
    assert "new" in sentences[-2]
    assert "No class stands out" in " ".join(sentences)


def test_several_labels_an_image_are_judged_together(tmp_path):
    table = several(tmp_path).take(np.arange(4).repeat(10))
    assert verdict(Answers(table))[0] == "It gets all labels right for 75 of 100 new images (60 to 86)."
