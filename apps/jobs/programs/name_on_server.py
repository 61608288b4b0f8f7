"""Has a server name the images of a folder or archive: python -m jobs.programs.name_on_server ADDRESS PICTURES FOLDER

The address names the model; a token that the server asks for is in IMGCLS_TOKEN. The folder gets tables as
`imgcls.predict` writes them into parts.
"""

import os
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pandas as pd

from imgcls.cli import command
from imgcls.cli.terminal import progress_line
from imgcls.files import replacing
from imgcls.serving.client import Client
from imgcls.serving.client.address import TOKEN
from imgcls.serving.named_image import NamedImage, encoded
from imgcls.serving.prediction import Prediction
from imgcls.workflow.many_images.inputs import count_images, images_of
from jobs.programs.program import run

AT_ONCE = 16  # images in a request
IN_A_PART = 64 * AT_ONCE
TOP = 5  # classes kept of each image


def main(address: str, pictures: str, folder: Path) -> int:
    """Ask for every image, a few at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    images, rows, parts, problems = images_of([pictures], lambda name: True), [], 0, 0
    with Client(address, token=os.environ.get(TOKEN, "")) as client, progress_line() as progress:
        report = progress.of("Naming", count_images([pictures]) or 0)
        while some := list(islice(images, AT_ONCE)):
            rows += _named(client, some)
            report(parts * IN_A_PART + len(rows))
            if len(rows) == IN_A_PART:
                problems += _write_part(folder, parts, rows)
                parts, rows = parts + 1, []
        problems += _write_part(folder, parts, rows) if rows else 0
    return command.WITH_PROBLEMS if problems else command.OK


def _write_part(folder: Path, number: int, rows: list[dict]) -> int:
    """Write a table; returns how many of its images could not be read."""
    with replacing(folder / f"part-{number:05}.parquet") as partial:
        pd.DataFrame(rows).to_parquet(partial, index=False)
    return sum(bool(row["problem"]) for row in rows)


def _named(client: Client, images: Iterable[NamedImage]) -> list[dict]:
    """A row for each image; those that cannot be read here are not sent."""
    read = [(image, encoded(image)) for image in images]
    try:
        said = iter(client.predict([each.data for _, each in read if not each.problem]))
    except (ConnectionError, TimeoutError) as error:
        raise ValueError(str(error)) from error
    nothing = Prediction([], [], "")
    return [_row(image.name, nothing if each.problem else next(said), each.problem) for image, each in read]


def _row(name: str, said: Prediction, problem: str) -> dict:
    row: dict[str, object] = {"image": name}
    for place in range(TOP):
        ending = f"_{place + 1}" if place else ""
        there = place < len(said.classes)
        row[f"class{ending}"] = said.classes[place] if there else ""
        row[f"probability{ending}"] = said.probabilities[place] if there else float("nan")
    score = float(said.unknown_score) if said.decision else float("nan")
    return {**row, "decision": said.decision, "unknown_score": score, "problem": problem or said.problem}


if __name__ == "__main__":
    run(lambda: main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
