"""Adds images to a project: python -m jobs.programs.import_images PROJECT IMPORT

Reads the labels, asks back where boxes can be read in several ways, opens every image, adds the new ones as a version,
and looks for problems. What was asked for, the question and the report lie in the project, see `projects.imports`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from projects import imports
from projects.image_folders import check_images
from projects.imports import Report, Request
from projects.project import Project, open_project
from projects.reading import Reading, read_images, read_source
from projects.union import Joined, join
from projects.versions import NO_LABEL, add_version, current_number, whole_manifest_of
from projects.wording import in_words

from imgcls.cli import command
from imgcls.cli.terminal import ProgressLine, progress_line, say
from imgcls.config import FetchConfig, LabelsConfig
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.importing import needs_tensorflow
from imgcls.data.sources.reasons import commonest
from imgcls.labels.assembly import UNNAMED
from imgcls.labels.records import LEFT_OUT
from jobs.programs.audit_images import audit
from jobs.programs.program import run

DOWNLOADING = "Downloading the data set, if it is not here yet"
MOST_NOTES = 8
ATTEMPTS = 5  # to add the images, while others change the data


def main(project: Project, name: str) -> int:
    """Import what was asked for under this name."""
    request = imports.request_of(project, name)
    with progress_line() as progress:
        progress.doing(DOWNLOADING if imports.is_tfds(request) else "Reading the labels", 0)
        with names_as_uploaded(project, request):
            reading = read(request, progress)
        if request.origin:
            reading.manifest.table["source"] = request.origin
        if request.folders is not None:
            check_images(reading.manifest, request.folders)
        if reading.ways and not request.boxes:
            imports.ask_back(project, name, reading, notes_of(reading))
            say("There are boxes: the page asks what an example is.")
            return command.OK
        manifest = opened(reading.manifest, progress)
        joined, number = add(project, manifest, request)
        imports.report(project, name, report_of(reading, joined, number, request))
        say(f"{joined.sentence()}.")
        if number:
            audit(project, number, progress)
    return command.OK


@contextmanager
def names_as_uploaded(project: Project, request: Request) -> Iterator[None]:
    """Errors call an uploaded file or folder by its name, and not by the place where the project keeps it."""
    source = Path(request.source)
    try:
        yield
    except ValueError as error:
        if not source.is_relative_to(project.uploads) or str(source) not in str(error):
            raise
        raise ValueError(str(error).replace(str(source), source.name)) from error


def read(request: Request, progress: ProgressLine) -> Reading:
    """Read the labels of what was asked for."""
    labels = LabelsConfig(**request.labels, **({"boxes": request.boxes} if request.boxes else {}))
    fetching = FetchConfig(fetch_to=request.fetch_to) if request.fetch_to else None
    if needs_tensorflow(request.source):
        command.import_tensorflow()
    if request.unlabelled:
        return read_images(request.source)
    return read_source(request.source, labels, request.boxes, fetching, progress.of("Fetching images"))


def opened(manifest: Manifest, progress: ProgressLine) -> Manifest:
    """Open every image; those without a label wait for one."""
    total = len(manifest.table)
    seen = inspect(manifest, progress.of("Opening every image", total), before_opening=command.import_tensorflow)
    waits = (seen.table["label"] == "") & (seen.table["problems"] == "") & (seen.table["labels"].str.len() == 0)
    seen.table.loc[waits, "problems"] = NO_LABEL
    return seen


def add(project: Project, new: Manifest, request: Request) -> tuple[Joined, int]:
    """Add the images to what the project has by then; returns the number of the version, 0 if nothing is new."""
    for attempt in range(ATTEMPTS):
        based_on = current_number(project)
        joined = join(whole_manifest_of(project) if based_on else None, new)
        if not joined.added and not joined.labelled:
            return joined, 0
        try:
            what = joined.sentence(f"from {request.title}")
            return joined, add_version(project, joined.manifest, what, based_on, request.who).number
        except ValueError:  # somebody changed the data in this moment
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError


def notes_of(reading: Reading) -> tuple[str, ...]:
    """What was wrong in the files, the most frequent first."""
    problems = reading.problems
    if problems.empty:
        return ()
    order = [problems[problems["effect"] == LEFT_OUT], problems[problems["effect"] != LEFT_OUT]]
    return tuple(in_words(sentence) for part in order if len(part) for sentence in commonest(part))[:MOST_NOTES]


def report_of(reading: Reading, joined: Joined, number: int, request: Request) -> Report:
    """What came of it, for the page."""
    return Report(
        joined.sentence(),
        notes_of(reading),
        joined.otherwise,
        request.dropped,
        number,
        annotators_of(reading),
        int((reading.problems["reason"] == UNNAMED).sum()),
    )


def annotators_of(reading: Reading) -> tuple[dict[str, object], ...]:
    """Who labelled, the most skilled first."""
    if reading.annotators is None:
        return ()
    table = reading.annotators.sort_values("skill", ascending=False).rename_axis("name").reset_index()
    return tuple(table.astype(object).where(table.notna(), None).to_dict("records"))


if __name__ == "__main__":
    run(lambda: main(open_project(sys.argv[1]), sys.argv[2]))
