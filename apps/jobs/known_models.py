"""The models of a project that can be asked, with the run that each comes from, as the jobs tell."""

from pathlib import Path

from projects.models import BUNDLE, IMAGENET, PACKAGED, RUN, Model
from projects.project import Project

from imgcls.serving.versions import MODEL
from jobs.job import list_jobs


def list_models(project: Project) -> list[Model]:
    """The project's runs that have a model, its exported models, each with the latest first, and ImageNet's.

    A folder whose name begins with a dot is none of them: it is being taken in.
    """
    runs = [Model(RUN, str(file.parent), file.parent.name) for file in _latest(project.runs.glob("[!.]*/model.keras"))]
    folders = dict.fromkeys(file.parents[1] for file in _latest(project.bundles.glob(f"[!.]*/[0-9]*/{MODEL}")))
    bundles = [Model(BUNDLE, str(folder), run_of_bundle(project, folder.name)) for folder in folders]
    return [*runs, *bundles, Model(IMAGENET, PACKAGED)]


def run_of_bundle(project: Project, bundle: str) -> str:
    """The run that a bundle was exported from; empty if it is not known."""
    for job in sorted(list_jobs(project), key=lambda job: -job.asked):
        if job.kind == "export" and job.about.get("bundle") == bundle:
            return str(job.about.get("run", ""))
    return bundle if (project.runs / bundle).is_dir() else ""


def _latest(files: object) -> list[Path]:
    return sorted(files, key=lambda file: -file.stat().st_mtime)
