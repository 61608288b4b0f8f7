"""The page that writes labels for other tools."""

from jobs.job import Job
from parts.data import exporting
from projects.project import create_project


def test_a_second_click_writes_nothing_twice(here, monkeypatch):
    project, jobs = create_project("Clothes"), []

    def start_job(project, kind, title, program, environment, about, who):
        jobs.append(Job(project.name, str(len(jobs)), kind, title, "running", about=about))

    monkeypatch.setattr(exporting, "start_job", start_job)
    monkeypatch.setattr(exporting, "list_jobs", lambda project: jobs)
    monkeypatch.setattr(exporting, "file_of_version", lambda project, number: project.folder / f"{number}.csv")
    for number, format_ in [(1, "coco"), (1, "coco"), (2, "coco"), (1, "voc")]:
        exporting._start(project, number, format_)
    assert [(job.about["version"], job.about["format"]) for job in jobs] == [(1, "coco"), (2, "coco"), (1, "voc")]
    assert sorted(path.name for path in (project.folder / "exports").iterdir()) == [
        ".taken-coco-1", ".taken-coco-2", ".taken-voc-1",
    ]  # fmt: skip
