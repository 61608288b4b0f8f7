import json
import shutil

import pandas as pd

from imgcls.data.manifest import Manifest


def test_a_folder_becomes_a_manifest(small_data, tmp_path, command):
    result = command("import_labels", small_data, "--output", tmp_path / "m.parquet")
    assert result.code == 0
    assert f"python -m imgcls.train --data {tmp_path / 'm.parquet'}" in result.out
    counts = Manifest.load(tmp_path / "m.parquet").counts()
    assert counts.to_numpy().tolist() == [[40, 10]] * 3


def test_problems_are_named_and_kept(small_data, tmp_path, command):
    folder = tmp_path / "data"
    for name in ("bag", "trouser"):
        (folder / name).mkdir(parents=True)
        for picture in sorted((small_data / "train" / name).iterdir())[:3]:
            (folder / name / picture.name).write_bytes(picture.read_bytes())
    (folder / "bag" / "zero.png").touch()
    result = command("import_labels", folder, "--output", tmp_path / "m.parquet")
    assert result.code == 3
    assert "bag/zero.png  the file is empty (0 bytes)" in result.out
    assert isinstance(Manifest.load(tmp_path / "m.parquet").problems, pd.DataFrame)


def test_an_output_of_another_kind_is_refused(small_data, tmp_path, command):
    result = command("import_labels", small_data, "--output", tmp_path / "m.csv")
    assert result.code == 2
    assert "ends in .parquet" in result.err


def test_a_coco_file_becomes_a_manifest_and_what_is_lost_is_told(small_data, tmp_path, command):
    images, annotations = [], []
    for category, name in ((7, "bag"), (90, "trouser")):
        for picture in sorted((small_data / "train" / name).iterdir())[:3]:
            shutil.copy(picture, tmp_path / picture.name)
            images.append({"id": len(images), "file_name": picture.name, "width": 28, "height": 28})
            annotations.append({"id": len(images), "image_id": len(images) - 1, "category_id": category, "iscrowd": 0})
            annotations[-1]["bbox"] = [2, 2, 20, 24]
    annotations.append({"id": 99, "image_id": 0, "category_id": 55, "bbox": [1, 1, 5, 5], "iscrowd": 0})
    categories = [{"id": 7, "name": "bag"}, {"id": 90, "name": "trouser"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "instances.json").write_text(json.dumps(content))
    result = command("import_labels", tmp_path / "instances.json", "--output", tmp_path / "m.parquet")
    assert result.code == 3
    assert "no category has the id 55" in result.out
    assert Manifest.load(tmp_path / "m.parquet").counts()["unsplit"].to_dict() == {"bag": 3, "trouser": 3}
    assert len(pd.read_csv(tmp_path / "m.problems.csv")) == 1


def test_a_misspelt_format_gets_the_nearest_name(tmp_path, command):
    result = command("import_labels", tmp_path, "--format", "coko")
    assert result.code == 2
    assert "Did you mean 'coco'?" in result.err
