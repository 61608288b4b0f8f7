import numpy as np
import pandas as pd
import pytest

from imgcls.evaluation.embedding_section import MOST_CLASSES, embedding_section
from imgcls.evaluation.prediction_table import PredictionTable


def table(classes: int, images: int, wrong: int) -> PredictionTable:
    """Images of the classes in turn, the first ones classified wrong."""
    names = [f"kind {place}" for place in range(classes)]
    labels = np.arange(images) % classes
    said = np.where(np.arange(images) < wrong, (labels + 1) % classes, labels)
    rows = pd.DataFrame({"image": [f"{n}.png" for n in range(images)], "label": [names[n] for n in labels]})
    return PredictionTable(rows, names, np.eye(classes)[said])


def plane(images: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(images, 2))


def test_mistakes_are_counted_and_marked():
    section = embedding_section(plane(30), table(3, 30, 4), "tsne", 0.93)
    assert "A cross marks an image that is classified wrong: 4 of 30." in section.sentences[0]
    assert "Trustworthiness is 0.93" in section.sentences[-1]
    (chart,) = section.charts
    assert chart.description == "A t-SNE map of 30 images: kind 0, kind 1, kind 2."
    crosses = chart.svg.split("mark-symbol role-mark")[-1].split("</g>")[0]
    assert crosses.count("<path") == 4
    right = embedding_section(plane(30), table(3, 30, 0), "tsne", 0.93).charts[0].svg
    assert right.count("<path") == chart.svg.count("<path") - 4


def test_many_classes_are_gray_but_for_those_with_the_most_mistakes():
    section = embedding_section(plane(60), table(20, 60, 5), "pca", 0.8, notes=("A sample.",))
    assert section.sentences[1].startswith(f"Of 20 classes, the {MOST_CLASSES} with the most mistakes")
    assert section.sentences[-1] == "A sample."
    svg = section.charts[0].svg
    assert ">kind 0<" in svg
    assert ">other classes<" in svg
    assert ">kind 19<" not in svg
    assert "var(--chart-gray" in svg


def test_a_map_of_other_images_is_refused():
    with pytest.raises(ValueError, match=r"shape \(5, 2\); expected \(6, 2\)"):
        embedding_section(plane(5), table(2, 6, 0), "pca", 1.0)
