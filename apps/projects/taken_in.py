"""Runs and exported models that the command line made, copied into a project. Links in them are left out."""

import re
import shutil
from pathlib import Path

from imgcls.files import replacing
from imgcls.run_folder import LIVE, RunFolder
from imgcls.serving.versions import MODEL, is_version, versions
from projects.project import Project

MADE = (("runs", "*/config.toml", 0), ("saved_models", f"*/[0-9]*/{MODEL}", 1))  # where commands put them


def found_here(folder: Path) -> list[Path]:
    """What the commands left below the folder that they were started in: runs, then exported models."""
    found = [file.parents[above] for place, files, above in MADE for file in (folder / place).glob(files)]
    return sorted(dict.fromkeys(found), key=lambda path: (path.parts[-2], path.name))


def is_run(folder: Path) -> bool:
    """Whether it is a run; else it may be an exported model.

    Raises:
        ValueError: It is neither.
    """
    if (folder / "config.toml").is_file():
        return True
    if is_version(folder) or (folder.is_dir() and any(is_version(each) for each in versions(folder).values())):
        return False
    raise ValueError(f"{folder} is neither a run nor an exported model. Choose a folder in runs or in saved_models.")


def take_run(project: Project, folder: Path) -> str:
    """Copy a run into the project; returns its name there.

    Raises:
        ValueError: It is being trained, or the project has a run of that name.
    """
    if RunFolder(folder).state() in LIVE:
        raise ValueError(f"The run {folder.name} is being trained. Take it in when it has ended.")
    return _copied(folder, project.runs / _name(folder), "a run")


def take_bundle(project: Project, folder: Path) -> str:
    """Copy an exported model, all its versions or one of them, into the project; returns its name there.

    Raises:
        ValueError: The project has an exported model of that name.
    """
    if not is_version(folder):
        return _copied(folder, project.bundles / _name(folder), "an exported model")
    _copied(folder, project.bundles / _name(folder.parent) / folder.name, "a version")
    return _name(folder.parent)


def _name(folder: Path) -> str:
    return re.sub(r"[^\w.-]+", "-", folder.resolve().name).lstrip("-.") or "taken-in"


def _copied(folder: Path, target: Path, what: str) -> str:
    if target.exists():
        raise ValueError(f"This project has {what} {target.name!r} already. Delete that one, or rename the folder.")
    with replacing(target) as partial:
        shutil.copytree(folder, partial, ignore=_links)
    return target.name


def _links(folder: str, names: list[str]) -> list[str]:
    """A link may lead to any file of the machine."""
    return [name for name in names if (Path(folder) / name).is_symlink()]
