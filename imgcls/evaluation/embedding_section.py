"""Where the images lie among each other, to the network: a map of embeddings by class, with the mistakes marked."""

import altair as alt
import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.pages.charts import INK, PALETTE, as_svg
from imgcls.evaluation.pages.section import Chart, Section
from imgcls.evaluation.prediction_table import PredictionTable

NAME, TITLE = "embedding-map", "Which images are neighbors to the network?"
TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
COLORS = [PALETTE[name] for name in ("blue", "orange", "green", "purple")]
SHAPES = ("circle", "square", "triangle-up")  # so that 12 classes are told apart without color alone
MOST_CLASSES = len(COLORS) * len(SHAPES)
OTHERS = "other classes"
CROSS = "M-1,-1L1,1M-1,1L1,-1"  # a path in Vega's units
SIDE = 560  # pixels


def embedding_section(
    coordinates: np.ndarray, table: PredictionTable, method: str, trustworthiness: float, notes: tuple[str, ...] = ()
) -> Section:
    """The map as a section of the report.

    Args:
        coordinates: (N, 2), as `imgcls.explain.embedding_map` lays them out.
        table: The same N images in the same order; `PredictionTable.take` gives those of a sample.
        method: "pca", "tsne" or "umap".
        trustworthiness: Of the map, in [0, 1].
        notes: Further sentences, such as that a sample is shown.

    Raises:
        ValueError: If there is no row of the table for each point.
    """
    if coordinates.shape != (len(table), 2):
        raise ValueError(
            f"The map has shape {coordinates.shape}; expected {(len(table), 2)}: a point for each image of the table."
        )
    points = _points(coordinates, table)
    shown = set(points["class"])
    named = [name for name in table.class_names if name in shown]
    description = f"A {TITLES.get(method, method)} map of {counted(len(table), 'image')}: {', '.join(named)}."
    chart = Chart(_chart(points, named, method), description)
    return Section(NAME, TITLE, (*_sentences(points, table, method, trustworthiness), *notes), (chart,))


def _colored(table: PredictionTable) -> list[str]:
    """The classes that get a color: those with the most mistakes, then those with the most images."""
    names = table.rows["label"].astype(str)
    mistakes = names[~table.correct].value_counts()
    images = names[names != ""].value_counts()
    ranked = sorted(images.index, key=lambda name: (-int(mistakes.get(name, 0)), -int(images[name]), name))
    return ranked[:MOST_CLASSES]


def _points(coordinates: np.ndarray, table: PredictionTable) -> pd.DataFrame:
    colored = _colored(table)
    labels = table.rows["label"].astype(str)
    return pd.DataFrame(
        {
            "x": coordinates[:, 0],
            "y": coordinates[:, 1],
            "class": [label if label in colored else OTHERS for label in labels],
            "right": table.correct,
        }
    )


def _sentences(points: pd.DataFrame, table: PredictionTable, method: str, trustworthiness: float) -> list[str]:
    wrong, classes = int((~points["right"]).sum()), table.rows["label"].nunique()
    found = [
        f"Each point is an image; near each other are images in which the network sees the same "
        f"({TITLES.get(method, method)} of the embeddings). Color and shape tell the class that it has. "
        f"A cross marks an image that is classified wrong: {wrong:,} of {len(points):,}."
    ]
    if classes > MOST_CLASSES:
        found.append(
            f"Of {counted(classes, 'class')}, the {MOST_CLASSES} with the most mistakes have a color and a shape; the "
            "others are gray."
        )
    if table.is_multi_label:
        found.append("An image of several labels has the color of its first one.")
    found.append(
        f"Trustworthiness is {trustworthiness:.2f}: near 1, neighbors on the map are neighbors to the network too; "
        "near 0.5, they are so by chance. Crosses amid another class are worth a look: the label may be wrong."
    )
    return found


def _chart(points: pd.DataFrame, named: list[str], method: str) -> str:
    """Points by class, the other classes below them, and crosses above."""
    shown = [*named, *([OTHERS] if (points["class"] == OTHERS).any() else [])]
    colors = [COLORS[place % len(COLORS)] for place in range(len(named))]
    shapes = [SHAPES[place // len(COLORS)] for place in range(len(named))]
    rest = len(shown) - len(named)
    color = alt.Scale(domain=shown, range=[*colors, *[PALETTE["gray"]] * rest])
    shape = alt.Scale(domain=shown, range=[*shapes, *["circle"] * rest])
    size = float(np.clip(60_000 / max(len(points), 1), 18, 80))
    place = {axis: alt.X if axis == "x" else alt.Y for axis in ("x", "y")}
    at = {axis: kind(f"{axis}:Q", title=None, axis=None, scale=alt.Scale(zero=False)) for axis, kind in place.items()}
    legend = alt.Legend(title=None, orient="right", symbolSize=90)
    title = f"{TITLES.get(method, method)} of the embeddings by class; a cross is a mistake"
    base = alt.Chart(points.sort_values("class", key=lambda c: c != OTHERS), width=SIDE, height=SIDE, title=title)
    dots = base.mark_point(filled=True, size=size, opacity=1, stroke=INK["paper"][0], strokeWidth=0.5).encode(
        **at, color=alt.Color("class:N", scale=color, legend=legend), shape=alt.Shape("class:N", scale=shape)
    )
    crosses = (
        base.transform_filter("!datum.right")
        .mark_point(shape=CROSS, size=1.6 * size, strokeWidth=1.1, color=INK["ink"][0], opacity=1)
        .encode(**at)
    )
    return as_svg(dots + crosses)
