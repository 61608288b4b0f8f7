"""The page that writes labels for other tools."""

import zipfile

import pandas as pd
from jobs.job import Job
from parts.data import exporting
from projects.exports import list_exports, packed
from projects.project import create_project
from projects.versions import add_version, whole_manifest_of


def test_a_second_click_writes_nothing_twice(here, monkeypatch):
    project, jobs = create_project("Clothes"), []

    def start_job(project, kind, title, program, environment, about, who):
        jobs.append(Job(project.name, str(len(jobs)), kind, title, "running", about=about))

    monkeypatch.setattr(exporting, "start_job", start_job)
    monkeypatch.setattr(exporting, "list_jobs", lambda project: jobs)
    for number, format_ in [(1, "coco"), (1, "coco"), (2, "coco"), (1, "voc")]:
        exporting._start(project, number, format_)
    assert [(job.about["version"], job.about["format"]) for job in jobs] == [(1, "coco"), (2, "coco"), (1, "voc")]
    assert sorted(path.name for path in (project.folder / "exports").iterdir()) == [
        ".taken-coco-1", ".taken-coco-2", ".taken-voc-1",
    ]  # fmt: skip


def test_labels_that_a_format_cannot_hold_are_said_before_and_afterwards(page, project):
    manifest = whole_manifest_of(project)
    renamed = manifest.table["label"] == "bag"
    manifest.table.loc[renamed, "label"] = "bag / purse"
    manifest.table.loc[renamed, "labels"] = pd.Series(
        [["bag / purse"]] * int(renamed.sum()), manifest.table.index[renamed]
    )
    add_version(project, manifest, "renamed", 1)
    view = page("data", project=project.name, part="Files")
    view.choose("Format", "yolo")
    assert "Boxes only." in view.text
    view.press("Write the files")
    assert "YOLO cannot hold any of the 30 labels here" in view.errors
    assert "one folder of images a class" in view.errors
    assert not list_exports(project)
    view.choose("Format", "voc").press("Write the files").wait_for("20 of 30 labels written; 10 left out.")
    assert "cannot name a list" in view.text
    with zipfile.ZipFile(packed(*list_exports(project))) as archive:
        table = pd.read_csv(archive.open("voc-1.problems.csv"))
    assert len(table) == 10
    assert (table["effect"] == "left out").all()
    view.choose("Format", "coco").press("Write the files").wait_for("30 labels written.")
