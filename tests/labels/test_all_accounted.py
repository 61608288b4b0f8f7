"""In every folder of annotation files, each image that is given is a row or a problem, and so is each label."""

from pathlib import Path

import pytest

from imgcls.config import LabelsConfig
from imgcls.data.sources.importing import import_manifest
from imgcls.labels import annotation_formats, detect_format
from imgcls.labels.boxes import MODES, to_examples
from imgcls.labels.image_index import ImageIndex

FOLDERS = sorted(path for path in (Path(__file__).parent / "files").iterdir() if path.is_dir())


def lost(given: list[str], rows, problems) -> list[str]:
    """The images that are in no row and that no problem is about."""
    reported = " ".join([*problems["file"], *problems["reason"]])
    return [image for image in given if image not in set(rows["image"]) and image not in reported]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_images_given_are_rows_and_problems(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("IMGCLS_CACHE", str(tmp_path))
    for name in annotation_formats(folder) or [detect_format(folder)]:
        imported = import_manifest(folder, LabelsConfig(format=name, boxes="multi_label"))
        given = ImageIndex(imported.manifest.root).paths
        assert lost(given, imported.manifest.table, imported.problems) == []
        for mode in MODES:
            examples = to_examples(imported.records, mode)
            assert lost(given, examples.boxes_or_images, examples.problems) == []
            labels = {(row.image, row.label) for row in imported.records.boxes_or_images.itertuples() if row.label}
            kept = {(row.image, label) for row in examples.boxes_or_images.itertuples() for label in row.labels}
            reported = set(examples.problems["file"])
            assert {image for image, label in labels - kept} <= reported
