"""From annotation files to a manifest: what is unpacked, what is told, and why nothing is left."""

from pathlib import Path

import pytest

from imgcls.config import LabelsConfig
from imgcls.data.importing import import_manifest

FILES = Path(__file__).parents[1] / "labels" / "files"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGCLS_CACHE", str(tmp_path / "cache"))


def test_a_picture_that_labelme_embedded_keeps_its_labels(tmp_path):
    imported = import_manifest(FILES / "labelme", LabelsConfig(boxes="multi_label"))
    labels = dict(zip(imported.manifest.table["image"], imported.manifest.table["labels"], strict=True))
    assert labels["labels/b.png"] == ["cat"]
    assert len(labels) == 2
    assert imported.manifest.root.is_relative_to(tmp_path / "cache")
