"""Servers of exported models."""

import socket
from dataclasses import replace

import pytest
from jobs import servers
from jobs.job import Job
from parts.deploy.check_list import rows
from projects.project import create_project


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that were started; none of them is a process."""
    jobs = []

    def start_job(project, kind, title, program, environment, about, who):
        jobs.append(Job(project.name, str(len(jobs)), kind, title, "running", about=about))
        return jobs[-1]

    monkeypatch.setattr(servers, "start_job", start_job)
    monkeypatch.setattr(servers, "list_jobs", lambda project: list(reversed(jobs)))
    monkeypatch.setattr(servers, "newest_version", lambda folder: folder / "1")
    return jobs


def stopped(job: Job) -> Job:
    return replace(job, state="cancelled")


def test_a_second_click_starts_no_second_server(here, jobs):
    project = create_project("Clothes")
    first = servers.start_server(project, "coats", {})
    assert servers.start_server(project, "coats", {}) == first
    assert servers.start_server(project, "shoes", {}).bundle == "shoes"
    jobs[0] = stopped(jobs[0])
    assert servers.start_server(project, "coats", {}) != first
    assert [job.about["bundle"] for job in jobs] == ["coats", "shoes", "coats"]


def test_a_server_that_is_started_again_has_the_address_that_it_had(here, jobs):
    project = create_project("Clothes")
    first = servers.start_server(project, "coats", {})
    jobs[0] = stopped(jobs[0])
    again = servers.start_server(project, "coats", {})
    assert again.model_address == first.model_address
    assert again.job.about["grpc_port"] == first.job.about["grpc_port"]
    assert not again.address_before


def test_an_address_that_somebody_else_has_by_now_is_replaced_and_that_is_said(here, jobs, monkeypatch):
    monkeypatch.setattr(servers.Server, "is_ready", lambda server: True)
    project = create_project("Clothes")
    first = servers.start_server(project, "coats", {})
    jobs[0] = stopped(jobs[0])
    with socket.create_server((servers.HOST, int(first.job.about["port"]))):
        again = servers.start_server(project, "coats", {})
    assert again.address != first.address
    assert f"at {again.address}, since somebody else has {first.address} now" in [
        said for *_, said in rows(None, again, "")
    ]
