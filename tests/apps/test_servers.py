"""Servers of exported models."""

from jobs import servers
from jobs.job import Job
from projects.project import create_project


def test_a_second_click_starts_no_second_server(here, monkeypatch):
    project, jobs = create_project("Clothes"), []

    def start_job(project, kind, title, program, environment, about, who):
        jobs.append(Job(project.name, str(len(jobs)), kind, title, "running", about=about))
        return jobs[-1]

    monkeypatch.setattr(servers, "start_job", start_job)
    monkeypatch.setattr(servers, "list_jobs", lambda project: list(reversed(jobs)))
    monkeypatch.setattr(servers, "newest_version", lambda folder: folder / "1")
    first = servers.start_server(project, "coats", {})
    assert servers.start_server(project, "coats", {}) == first
    assert servers.start_server(project, "shoes", {}).bundle == "shoes"
    jobs[0] = Job(project.name, "0", "serve", "Server of coats", "cancelled", about=jobs[0].about)
    assert servers.start_server(project, "coats", {}) != first
    assert [job.about["bundle"] for job in jobs] == ["coats", "shoes", "coats"]
