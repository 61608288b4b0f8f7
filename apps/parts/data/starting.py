"""Starts the jobs that bring images into a project and look for problems in them."""

from contextlib import suppress
from pathlib import Path

from jobs.job import Job, list_jobs, start_job
from projects import imports
from projects.imports import Request
from projects.project import Project
from safety import allowed_paths

from imgcls.data.sources.cards import list_cards
from parts.person import who


def start_import(project: Project, request: Request) -> Job:
    """Read a source and add its images. While the same is being read, as after a double click, nothing more is started.

    Raises:
        ValueError: It lies outside of what the app may read.
    """
    allowed_paths.check_source(request.source)
    for name in ("images", "golden", "rename", "overlay"):
        if request.labels.get(name):
            allowed_paths.check_path(str(request.labels[name]))
    for job in list_jobs(project):
        with suppress(KeyError):  # what was asked for was closed
            is_import = job.is_live and job.kind == "import"
            if is_import and imports.request_of(project, str(job.about["import"])) == request:
                return job
    return go_on_with(project, imports.ask_for(project, request), request)


def go_on_with(project: Project, name: str, request: Request) -> Job:
    """Go on with a request that is kept already, such as one whose question was answered."""
    return start_job(
        project,
        "import",
        f"Add images: {request.title}",
        ["jobs.programs.import_images", project.name, name],
        allowed_paths.environment(),
        about={"import": name},
        who=who(),
        downloads=imports.downloads(request),
    )


def start_audit(project: Project) -> Job:
    """Look for problems in all images."""
    return start_job(
        project,
        "audit",
        "Look for problems",
        ["jobs.programs.audit_images", project.name],
        allowed_paths.environment(),
        who=who(),
    )


def request_for(title: str, source: str, **facts: object) -> Request:
    """A request of whoever is at the page."""
    is_card = source in list_cards() and not Path(source).exists()
    folders = None if is_card else tuple(map(str, allowed_paths.folders()))
    return Request(title, source, folders=folders, who=who(), **facts)
