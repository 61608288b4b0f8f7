"""Files that were dropped and are kept."""

import shutil
from pathlib import Path

import pytest
from projects.imports import Report, Request, ask_for, close, report
from projects.kept_files import Kept, delete_kept, kept_files
from projects.project import create_project
from projects.versions import add_version, show_version

from imgcls.config import LabelsConfig
from imgcls.data.sources.importing import import_manifest


def test_what_is_kept_says_what_it_takes_and_how_much_of_it_is_used(here, clothes):
    project = create_project("Clothes")
    for fingerprint in ("aa", "bb"):
        (project.uploads / fingerprint).mkdir()
    kept = project.uploads / "aa" / "clothes"
    clothes.rename(kept)
    add_version(project, import_manifest(str(kept), LabelsConfig()).manifest, "30 images added", 0)
    found = {each.folder.name: each for each in kept_files(project, 1)}
    assert (found["aa"].title, found["aa"].files, found["aa"].used) == ("clothes", 31, 30)
    assert found["aa"].size > 10_000
    assert (found["aa"].needed, found["bb"].used, found["bb"].needed) == (True, 0, False)
    delete_kept(project, found["aa"])
    assert not kept.exists()
    with pytest.raises(ValueError, match="no folder of files that were dropped"):
        delete_kept(project, Kept(Path("elsewhere"), "", 0, 0, 0, False))


def test_what_undo_hides_and_what_is_on_its_way_in_is_needed(page, here, clothes):
    project = create_project("Clothes")
    for fingerprint in ("aa", "bb", "cc"):
        (project.uploads / fingerprint).mkdir()
    kept = project.uploads / "aa" / "clothes"
    shutil.copytree(clothes, kept)
    add_version(project, import_manifest(str(clothes), LabelsConfig()).manifest, "30 images added", 0)
    add_version(project, import_manifest(str(kept), LabelsConfig()).manifest, "30 images more", 1)
    show_version(project, 1, 2)
    coming = ask_for(project, Request("other", str(project.uploads / "bb" / "other")))
    done = ask_for(project, Request("done", str(project.uploads / "cc" / "done")))
    report(project, done, Report("Nothing new"))
    found = {each.folder.name: (each.used, each.needed) for each in kept_files(project, 1)}
    assert found == {"aa": (0, True), "bb": (0, True), "cc": (0, False)}
    close(project, coming)
    view = page("data", project="clothes", part="Files")
    assert [button.disabled for button in view.widgets.button if button.label == "Delete these files"].count(True) == 1
