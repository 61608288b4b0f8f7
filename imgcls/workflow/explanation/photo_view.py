"""Where in a large photo: class maps and boxes."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.pages.section import Section, TextTable
from imgcls.explain.large_photo.classify_photo import PhotoClassifier
from imgcls.explain.large_photo.photo_map import PhotoMap
from imgcls.explain.large_photo.photo_options import PhotoOptions
from imgcls.explain.large_photo.pictures import boxes_picture, class_picture
from imgcls.image_files import shown_name
from imgcls.workflow.explanation.answers import PREDICTED, TRUE
from imgcls.workflow.explanation.explaining import Explaining
from imgcls.workflow.explanation.view import Found
from imgcls.workflow.explanation.written import file_name

COLUMNS = ["photo", "class", "probability", "left", "top", "right", "bottom"]


def show_photo(explaining: Explaining) -> Found:
    """Where in each photo its classes are, at several scales."""
    request, progress = explaining.request, explaining.progress
    named = () if request.target in (PREDICTED, TRUE) else tuple(filter(None, (request.target, request.against)))
    options = PhotoOptions(
        classes=named, way="windows" if request.windows else "auto", on_progress=progress.of("Sliding over the photo")
    )
    rows, problems, sentences = [], [], []
    options = replace(options, shares=request.scales) if request.scales else options
    classify = PhotoClassifier(explaining.network, options)
    for place, path in enumerate(explaining.paths, start=1):
        try:
            found = classify(path)
        except (ValueError, OSError) as error:
            problems.append((shown_name(path), str(error)))
            continue
        _write(explaining, f"photo-{place:04d}-{file_name(path.stem)}", found)
        rows += list(_rows(found))
        best = f"; best: {found.boxes[0].class_name} at {_percent(found.boxes[0].probability)}" if found.boxes else ""
        sentences.append(f"{found.photo}: {counted(len(found.boxes), 'box')}{best}.")
    table = pd.DataFrame(rows, columns=COLUMNS)
    explaining.written.table("photo-boxes", table)
    return Found(tuple(sentences), table if rows else None, tuple(problems))


def _rows(found: PhotoMap) -> Iterator[dict[str, object]]:
    for box in found.boxes:
        edges = (box.left, box.top, box.right, box.bottom)
        yield dict(zip(COLUMNS, (found.photo, box.class_name, round(box.probability, 4), *edges), strict=True))


def _write(explaining: Explaining, name: str, found: PhotoMap) -> None:
    written = explaining.written
    pictures = [boxes_picture(found), *(class_picture(found, each) for each in found.class_names)]
    for ending, picture in zip(("boxes", *found.class_names), pictures, strict=True):
        written.picture(f"{name}-{ending}", picture)
    arrays = {f"scale_{number}": scale.maps for number, scale in enumerate(found.scales, start=1)}
    written.arrays(name, {"classes": list(found.class_names), "joined": found.joined, **arrays})
    rows = tuple(
        (box.class_name, _percent(box.probability), *map(str, (box.left, box.top, box.right, box.bottom)))
        for box in found.boxes
    )
    table = TextTable(tuple(COLUMNS[1:]), rows) if rows else None
    said = (
        f"{found.size[1]} x {found.size[0]} pixels at {counted(len(found.scales), 'scale')}, "
        f"{found.seconds:.1f} s. {found.plan.why}",
        *found.notes,
    )
    written.section(Section(name, f"Where in {found.photo}", said, table=table), pictures, 460)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
