"""Explained images, written as pictures, arrays, a table and sections of the page."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.pages.section import Section
from imgcls.explain.drawing.heat import heat_picture, shown_image
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.faithfulness.faithfulness import Faithfulness
from imgcls.explain.methods import MethodOptions, find_method
from imgcls.explain.network import Network
from imgcls.image_files import shown_name
from imgcls.workflow.explanation.answers import ExplainedImage, ExplainedMap, Question, explain_answers
from imgcls.workflow.explanation.explaining import Explaining
from imgcls.workflow.explanation.images import true_classes
from imgcls.workflow.explanation.view import Found
from imgcls.workflow.explanation.written import Written, file_name


def write_answers(written: Written, network: Network, images: Iterable[ExplainedImage]) -> pd.DataFrame:
    """Write each explained image as it comes.

    Args:
        written: The folder.
        network: That was explained.
        images: As `explain_answers` yields them.

    Returns:
        A row for each map, and for each image with a problem: image, predicted, explained, probability, method, layer,
        deletion and insertion with those of a blob and of a random map, likeness to the map of an untrained network,
        caption, problem. It is written as explanation.csv too.
    """
    rows: list[dict[str, object]] = []
    sheet: list[list[Picture]] = []
    for place, image in enumerate(images, start=1):
        if image.problem:
            rows.append({"image": shown_name(image.path), "problem": image.problem})
            continue
        name = f"{place:04d}-{file_name(image.path.stem)}"
        pictures = [_input(image), *(_picture(network, image, each) for each in image.maps)]
        for each, picture in zip(image.maps, pictures[1:], strict=True):
            written.picture(f"{name}-{each.method.name}", picture)
            rows.append(_row(image, each))
        written.arrays(name, _arrays(image))
        written.section(_section(name, image), pictures)
        sheet.append(pictures)
    if sheet:
        written.contact_sheets("contact_sheet", sheet, f"Why {network.name} answers as it does")
    table = pd.DataFrame(rows, columns=COLUMNS).fillna({"problem": ""})
    written.table("explanation", table)
    return table


COLUMNS = [
    "image", "predicted", "explained", "probability", "method", "layer", "deletion", "deletion_blob",
    "deletion_random", "insertion", "insertion_blob", "insertion_random", "likeness_untrained", "fails", "caption",
    "problem",
]  # fmt: skip


def _row(image: ExplainedImage, each: ExplainedMap) -> dict[str, object]:
    return {
        "image": shown_name(image.path),
        "predicted": image.predicted,
        "explained": image.question,
        "probability": image.probability,
        "method": each.method.name,
        "layer": each.layer,
        **(_figures(each.faithfulness) if each.faithfulness else {}),
        "fails": bool(each.fails),
        "caption": each.caption,
        "problem": each.problem,
    }


def _figures(found: Faithfulness) -> dict[str, float | None]:
    areas = {"deletion": found.deletion, "insertion": found.insertion}
    parts = (("", "map"), ("_blob", "blob"), ("_random", "random"))
    named = {f"{name}{ending}": getattr(area, part) for name, area in areas.items() for ending, part in parts}
    return {**named, "likeness_untrained": found.likeness}


def _arrays(image: ExplainedImage) -> dict[str, object]:
    """Of an .npz file: the pixels and each map by the name of its method."""
    facts = {"predicted": image.predicted, "target": image.target, "against": image.against}
    return {"pixels": image.pixels, **facts, **{each.method.name: each.values for each in image.maps}}


def _input(image: ExplainedImage) -> Picture:
    lines = [f"predicted: {image.predicted}"]
    if image.true:
        lines.append(f"true: {image.true}")
    return Picture(shown_image(np.asarray(image.pixels)), shown_name(image.path.name), tuple(lines))


def _picture(network: Network, image: ExplainedImage, each: ExplainedMap) -> Picture:
    layer = f", layer {each.layer}" if each.layer else ""
    lines = (f"for {image.question}", f"{network.name}{layer}", shown_name(image.path.name))
    shown = (*lines, *(each.faithfulness.lines if each.faithfulness else ()))
    return heat_picture(np.asarray(image.pixels), each.values, each.method.signed, each.method.title, shown, each.fails)


def _section(name: str, image: ExplainedImage) -> Section:
    right = {"": "", image.predicted: ", which is right"}.get(image.true, f", and it is {image.true}")
    share = f"{100 * image.probability:.1f} %"
    sentences = [f"The network says {image.predicted}{right}. Explained: {image.question}, {share}."]
    sentences += [f"{each.method.title}: {each.caption}." for each in image.maps if each.caption]
    return Section(f"image-{name}", shown_name(image.path.name), tuple(sentences))


def show_why(explaining: Explaining) -> Found:
    """Why the network answers as it does, for each of the named images."""
    request = explaining.request
    options = MethodOptions(
        layer=request.layer, steps=request.steps, samples=request.samples, masks=request.masks, seed=request.seed
    )
    question = Question(request.methods, request.target, request.against, request.check, options)
    known = true_classes(explaining.run)
    images = explain_answers(explaining.network, explaining.paths, question, known, explaining.progress)
    table = write_answers(explaining.written, explaining.network, images)
    bad = table[table["method"].isna()]
    problems = tuple(bad[["image", "problem"]].itertuples(index=False, name=None))
    return Found(tuple(_sentences(table[table["method"].notna()])), table, problems)


def _sentences(table: pd.DataFrame) -> list[str]:
    """What the check found, a sentence a method."""
    found = []
    for name, rows in table.groupby("method", sort=False):
        count = counted(len(rows), "map")
        failed = int(rows["fails"].sum())
        title = find_method(str(name)).title
        if rows["deletion"].notna().any():
            fail = {0: "all hold their check", 1: "1 fails its check"}
            said = fail.get(failed, f"{failed} fail their check")
            found.append(f"{title}: {count}, {said}.")
        else:
            found.append(f"{title}: {count}, not checked.")
    return found
