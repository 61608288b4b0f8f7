"""What a second click on the same button starts."""

import pytest
from jobs.job import Job
from parts.data import starting
from projects.imports import Request
from projects.project import create_project


@pytest.fixture
def started(here, monkeypatch):
    """A project, and the jobs that were started in it, which all run."""
    project, jobs, lanes = create_project("Clothes"), [], []

    def start_job(project, kind, title, program, environment, about=None, who="", downloads=False):
        lanes.append(downloads)
        jobs.append(Job(project.name, str(len(jobs)), kind, title, "running", about=about or {}))
        return jobs[-1]

    monkeypatch.setattr(starting, "start_job", start_job)
    monkeypatch.setattr(starting, "list_jobs", lambda project: jobs)
    return project, jobs, lanes


def test_the_same_images_are_added_once(started):
    project, jobs, _ = started
    request = Request("photos", "photos", labels={"format": "coco"}, folders=("a", "b"))
    first = starting.start_import(project, request)
    assert starting.start_import(project, request) is first
    starting.start_import(project, Request("photos", "photos"))
    assert len(jobs) == 2


def test_images_from_the_network_take_no_place_of_jobs_that_compute(started):
    project, _, lanes = started
    starting.start_import(project, Request("cifar10", "tfds:cifar10"))
    starting.start_import(project, Request("addresses", "addresses.csv", fetch_to="fetched"))
    starting.start_import(project, Request("photos", "photos"))
    assert lanes == [True, True, False]
