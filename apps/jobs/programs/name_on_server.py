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
from projects.said_by_server import has_several, labels_of

from imgcls.cli import command
from imgcls.cli.terminal import progress_line
from imgcls.serving.client import Client
from imgcls.serving.client.address import TOKEN
from imgcls.serving.named_image import NamedImage, encoded
from imgcls.serving.prediction import Prediction
from imgcls.workflow.many_images.inputs import count_images, images_of
from imgcls.workflow.many_images.parts_folder import PartsFolder
from jobs.programs.program import run

AT_ONCE = 16  # images in a request
TOP = 5  # classes kept of each image
NOTHING = Prediction([], [], "")


def main(address: str, pictures: str, folder: Path) -> int:
    """Ask for every image, a few at a time."""
    images, asked, problems, done = images_of([pictures], lambda name: True), [address, pictures], 0, 0
    with (
        Client(address, token=os.environ.get(TOKEN, "")) as client,
        PartsFolder(folder, {"asked": asked}, list(_row("", NOTHING, "")), ".parquet") as parts,
        progress_line() as progress,
    ):
        report = progress.of("Naming", count_images([pictures]) or 0)
        while some := list(islice(images, AT_ONCE)):
            rows = pd.DataFrame(_named(client, some))
            parts.write(rows)
            problems, done = problems + (rows["problem"] != "").sum(), done + len(rows)
            report(done)
    return command.WITH_PROBLEMS if problems else command.OK


def _named(client: Client, images: Iterable[NamedImage]) -> list[dict]:
    """A row for each image; those that cannot be read here are not sent."""
    read = [(image, encoded(image)) for image in images]
    try:
        said = iter(client.predict([each.data for _, each in read if not each.problem]))
    except (ConnectionError, TimeoutError) as error:
        raise ValueError(str(error)) from error
    return [_row(image.name, NOTHING if each.problem else next(said), each.problem) for image, each in read]


def _row(name: str, said: Prediction, problem: str) -> dict:
    row: dict[str, object] = {"image": name, "several": has_several(said), "labels": "; ".join(labels_of(said))}
    for place in range(TOP):
        ending = f"_{place + 1}" if place else ""
        there = place < len(said.classes)
        row[f"class{ending}"] = said.classes[place] if there else ""
        row[f"probability{ending}"] = said.probabilities[place] if there else float("nan")
    score = float(said.unknown_score) if said.decision else float("nan")
    return {**row, "decision": said.decision, "unknown_score": score, "problem": problem or said.problem}


if __name__ == "__main__":
    run(lambda: main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
