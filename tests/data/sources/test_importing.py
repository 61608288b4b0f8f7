"""From annotation files to a manifest: what is unpacked, what is told, and why nothing is left."""

import json
from pathlib import Path

import PIL.Image
import pytest

from imgcls.config import LabelsConfig
from imgcls.data.sources.importing import import_manifest
from imgcls.data.sources.load import load_manifest

FILES = Path(__file__).parents[2] / "labels" / "files"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGCLS_CACHE", str(tmp_path / "cache"))


def test_an_image_that_labelme_embedded_keeps_its_labels(tmp_path):
    imported = import_manifest(FILES / "labelme", LabelsConfig(boxes="multi_label"))
    labels = dict(zip(imported.manifest.table["image"], imported.manifest.table["labels"], strict=True))
    assert labels["labels/b.png"] == ["cat"]
    assert len(labels) == 2
    assert imported.manifest.root.is_relative_to(tmp_path / "cache")


def crowded(root: Path) -> Path:
    """Three images with two classes each, after one label of an image that is not there."""
    for name in ("a.png", "b.png", "c.png"):
        PIL.Image.new("RGB", (32, 32)).save(root / name)
    rows = ["image,label,xmin,ymin,xmax,ymax", "gone.png,cat,1,1,9,9"]
    rows += [f"{name}.png,{label},1,1,20,20" for name in "abc" for label in ("cat", "dog")]
    path = root / "boxes.csv"
    path.write_text("\n".join(rows))
    return path


def test_the_commonest_reason_is_quoted_with_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="gives no labelled image") as refusal:
        import_manifest(crowded(tmp_path), LabelsConfig())
    said = str(refusal.value)
    assert "4 things left out" in said
    assert "3 things (a.png and others): this image is left out: it has several classes: cat, dog." in said
    assert "--boxes" in said
    assert "gone.png" not in said


def test_a_folder_with_annotations_is_not_trained_on_by_the_names_of_its_folders(tmp_path):
    for part in ("VOC2007", "VOC2012"):
        (tmp_path / part / "JPEGImages").mkdir(parents=True)
        (tmp_path / part / "Annotations").mkdir()
        PIL.Image.new("RGB", (32, 32)).save(tmp_path / part / "JPEGImages" / "1.jpg")
        xml = "<annotation><filename>1.jpg</filename><object><name>cat</name></object></annotation>"
        (tmp_path / part / "Annotations" / "1.xml").write_text(xml)
    with pytest.raises(ValueError, match=r"python -m imgcls\.import_labels"):
        load_manifest(tmp_path)


def test_deep_class_folders_beside_a_text_are_still_classes(tmp_path):
    for name in ("cat", "dog"):
        folder = tmp_path / name / "more" / "deep"
        folder.mkdir(parents=True)
        PIL.Image.new("RGB", (32, 32)).save(folder / "1.png")
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    assert sorted(load_manifest(tmp_path).table["label"]) == ["cat", "dog"]
    (tmp_path / "gt.txt").write_text("1,2,9,2,9,9,1,9,EXIT\n")
    with pytest.raises(ValueError, match=r"ICDAR.*--format folders"):
        load_manifest(tmp_path)


def test_what_a_source_is_not_used_for_is_logged(tmp_path, caplog):
    path = crowded(tmp_path)
    path.write_text(path.read_text() + "\n" + "d.png,cat,1,1,20,20")
    PIL.Image.new("RGB", (32, 32)).save(tmp_path / "d.png")
    assert len(load_manifest(path).table) == 1
    said = caplog.messages
    assert len(said) == 2
    assert "it has several classes" in said[0]
    caplog.clear()
    folders = tmp_path / "folders"
    for name in ("cat", "dog"):
        (folders / name).mkdir(parents=True)
        PIL.Image.new("RGB", (32, 32)).save(folders / name / "1.png")
    PIL.Image.new("RGB", (32, 32)).save(folders / "2.png")
    (folders / "captions.txt").write_text("1.png a cat")
    assert len(load_manifest(folders).table) == 2
    assert [line.split("(")[1].split(")")[0] for line in caplog.messages] == ["2.png", "captions.txt"]


def test_captions_alone_name_the_instances_beside_them(tmp_path):
    PIL.Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    listed = {"images": [{"id": 1, "file_name": "a.png"}]}
    caption = {"annotations": [{"id": 1, "image_id": 1, "caption": "A cat."}]}
    (tmp_path / "captions_val2017.json").write_text(json.dumps(listed | caption))
    (tmp_path / "instances_val2017.json").write_text(json.dumps(listed | {"annotations": [], "categories": []}))
    with pytest.raises(ValueError, match=r"instances_val2017\.json beside it has the classes"):
        import_manifest(tmp_path / "captions_val2017.json", LabelsConfig())
