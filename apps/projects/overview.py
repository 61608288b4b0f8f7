"""What the page of all projects says about one, without opening its images."""

from dataclasses import dataclass

from imgcls.run_folder import RunFolder
from projects.project import Project
from projects.summary import summary_of
from projects.versions import current_number, current_version, manifest_of


@dataclass(frozen=True)
class Best:
    """The best result of a project's runs.

    Attributes:
        run: Name of the run.
        accuracy: Share of test images that were named rightly, in [0, 1].
        low: Lower end of its 95 % interval.
        high: Upper end.
        images: How many test images it was measured on.
    """

    run: str
    accuracy: float
    low: float
    high: float
    images: int


@dataclass(frozen=True)
class Overview:
    """A project at a glance.

    Attributes:
        version: The number of the version that is shown; 0 if there are no images yet.
        images: Images that can be read and are not left out.
        classes: How many classes they have.
        unlabelled: Images of these that wait for a label.
        row: A row of the version whose image can be shown; -1 if there is none.
        best: The best result; None if nothing was trained to the end.
    """

    version: int
    images: int
    classes: int
    unlabelled: int
    row: int
    best: Best | None


def overview_of(project: Project) -> Overview:
    """Look at a project."""
    version = current_version(project)
    if version is None:
        return Overview(0, 0, 0, 0, -1, best_of(project))
    summary = summary_of(project, current_number(project))
    manifest = manifest_of(project)
    rows = next((table.index for table in (manifest.usable, manifest.table) if len(table)), [])
    row = int(rows[0]) if len(rows) else -1
    return Overview(version.number, summary.images, len(summary.classes), summary.unlabelled, row, best_of(project))


def best_of(project: Project) -> Best | None:
    """The run with the highest accuracy on its test images."""
    found = []
    for folder in project.runs.glob("[!.]*/config.toml"):
        try:
            told = RunFolder(folder.parent).evaluation()
        except (ValueError, OSError):  # of another version, or removed while we looked
            continue
        if {"accuracy", "accuracy_low", "accuracy_high"} <= told.keys():
            run = folder.parent.name
            facts = (told[name] for name in ("accuracy", "accuracy_low", "accuracy_high"))
            found.append(Best(run, *facts, int(told.get("images", 0))))
    return max(found, key=lambda best: best.accuracy, default=None)
