"""Files that were dropped and are kept."""

from pathlib import Path

import pytest
from projects.kept_files import Kept, delete_kept, kept_files
from projects.project import create_project
from projects.versions import add_version, manifest_of

from imgcls.config import LabelsConfig
from imgcls.data.sources.importing import import_manifest


def test_what_is_kept_says_what_it_takes_and_how_much_of_it_is_used(here, clothes):
    project = create_project("Clothes")
    for fingerprint in ("aa", "bb"):
        (project.uploads / fingerprint).mkdir()
    kept = project.uploads / "aa" / "clothes"
    clothes.rename(kept)
    add_version(project, import_manifest(str(kept), LabelsConfig()).manifest, "30 images added", 0)
    found = {each.folder.name: each for each in kept_files(project, manifest_of(project))}
    assert (found["aa"].title, found["aa"].files, found["aa"].used) == ("clothes", 31, 30)
    assert found["aa"].size > 10_000
    assert found["bb"].used == 0
    delete_kept(project, found["aa"])
    assert not kept.exists()
    with pytest.raises(ValueError, match="no folder of files that were dropped"):
        delete_kept(project, Kept(Path("elsewhere"), "", 0, 0, 0))
