import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX
from tests.conftest import copy_sample

FILES = Path(__file__).parent / "labels" / "files"


@pytest.fixture
def photos(tmp_path):
    """A folder a class, with four images for training and two for the test."""
    return copy_sample(tmp_path / "photos", ("bag", "sneaker", "trouser"), train=4, test=2)


@pytest.fixture
def labelled(small_data, tmp_path):
    """A folder with three images of each of two classes, bag-0.png to trouser-2.png."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("bag", "trouser"):
        for number, image in enumerate(sorted((small_data / "train" / name).iterdir())[:3]):
            shutil.copy(image, folder / f"{name}-{number}.png")
    return folder


@pytest.fixture
def coco(labelled):
    """Boxes on the images: each has one of its class, and bag-0 a small trouser besides."""
    categories = {"bag": 7, "trouser": 90}
    images = [
        {"id": i, "file_name": path.name, "width": 28, "height": 28}
        for i, path in enumerate(sorted(labelled.iterdir()))
    ]
    annotations = [
        {"image_id": image["id"], "category_id": categories[image["file_name"].split("-")[0]], "bbox": [2, 2, 20, 24]}
        for image in images
    ]
    annotations.append({"image_id": 0, "category_id": 90, "bbox": [4, 4, 10, 10],
                        "attributes": {"patient": "anna", "occluded": True}})  # fmt: skip
    for number, annotation in enumerate(annotations):
        annotation |= {"id": number, "iscrowd": 0, "area": 1}
    content = {"images": images, "annotations": annotations,
               "categories": [{"id": number, "name": name} for name, number in categories.items()]}  # fmt: skip
    path = labelled / "instances.json"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def toloka(labelled):
    """Three people's answers: anna is right, carl is wrong once, and boris takes every bag for a trouser."""
    lines = ["INPUT:image\tINPUT:patient\tOUTPUT:label\tASSIGNMENT:worker_id\tASSIGNMENT:status"]
    for path in sorted(labelled.iterdir()):
        true = path.name.split("-")[0]
        answers = {"anna": true, "boris": "trouser", "carl": "bag" if path.name == "trouser-2.png" else true}
        lines += [f"{path.name}\tp{path.stem[-1]}\t{answer}\t{who}\tAPPROVED" for who, answer in answers.items()]
    path = labelled / "results.tsv"
    path.write_text("\n".join(lines))
    return path


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
        for image in sorted((small_data / "train" / name).iterdir())[:3]:
            (folder / name / image.name).write_bytes(image.read_bytes())
    (folder / "bag" / "zero.png").touch()
    result = command("import_labels", folder, "--output", tmp_path / "m.parquet")
    assert result.code == 3
    assert "bag/zero.png  the file is empty (0 bytes)" in result.out
    assert isinstance(Manifest.load(tmp_path / "m.parquet").problems, pd.DataFrame)


def test_single_leaves_out_what_has_two_classes_and_tells_it(coco, tmp_path, command):
    result = command("import_labels", coco, "--output", tmp_path / "m.parquet")
    assert result.code == 3
    assert "it has several classes: bag, trouser" in result.out
    assert Manifest.load(tmp_path / "m.parquet").counts()["unsplit"].to_dict() == {"bag": 2, "trouser": 3}
    assert len(pd.read_csv(tmp_path / "m.problems.csv")) == 1


def test_crops_have_their_margin_and_the_manifest_says_how_they_were_made(coco, tmp_path, command):
    flags = ("--boxes", "crop", "--box-margin", 0.5, "--min-box-side", 11)
    assert command("import_labels", coco, "--output", tmp_path / "m.parquet", *flags).code == 3
    manifest = Manifest.load(tmp_path / "m.parquet")
    assert manifest.counts()["unsplit"].to_dict() == {"bag": 3, "trouser": 3}  # the box of 10 pixels is too small
    assert manifest.table.loc[0, BOX].tolist() == [0, 0, 28, 28]  # 2 - 10, 2 - 12, 22 + 10, 26 + 12, inside the image
    how = {name: manifest.table.attrs[name] for name in ("boxes", "box_margin", "min_box_side")}
    assert how == {"boxes": "crop", "box_margin": 0.5, "min_box_side": 11}


def test_all_labels_are_kept_and_a_single_label_of_them_is_refused_with_a_way_out(coco, tmp_path, command):
    assert command("import_labels", coco, "--output", tmp_path / "m.parquet", "--boxes", "multi_label").code == 0
    manifest = Manifest.load(tmp_path / "m.parquet")
    assert list(manifest.table["labels"][0]) == ["bag", "trouser"]
    assert manifest.counts()["unsplit"].to_dict() == {"bag": 3, "trouser": 4}
    result = command("train", "--data", tmp_path / "m.parquet", "--runs", tmp_path, "--task", "single_label")
    assert result.code == 2
    assert "import the labels again with --boxes crop" in result.err


def test_classes_are_renamed_and_images_may_lie_elsewhere(coco, tmp_path, command):
    (tmp_path / "elsewhere").mkdir()
    moved = coco.rename(tmp_path / "elsewhere" / "instances.json")
    (tmp_path / "names.csv").write_text("from,to\nbag,Tasche\n")
    flags = ("--images", coco.parent, "--rename", tmp_path / "names.csv", "--boxes", "largest")
    command("import_labels", moved, "--output", tmp_path / "m.parquet", *flags)
    assert Manifest.load(tmp_path / "m.parquet").counts()["unsplit"].to_dict() == {"Tasche": 3, "trouser": 3}


def test_several_answers_become_one_and_the_annotators_are_judged(toloka, tmp_path, command):
    result = command("import_labels", toloka, "--output", tmp_path / "m.parquet", "--group", "INPUT:patient")
    assert result.code == 0
    assert "6 images with several answers: --consensus majority decides" in result.out
    assert "66.7 % of the images need one more opinion." in result.out
    manifest = Manifest.load(tmp_path / "m.parquet")
    labels = dict(zip(manifest.table["image"], manifest.table["label"], strict=True))
    assert labels == {path.name: path.name.split("-")[0] for path in toloka.parent.glob("*.png")}
    assert set(manifest.table["annotators"]) == {"anna, boris, carl"}
    assert manifest.table["agreement"].round(2).value_counts().to_dict() == {0.67: 4, 1.0: 2}
    assert manifest.table.set_index("image")["group"].to_dict() == {image: f"p{image[-5]}" for image in labels}
    skill = pd.read_csv(tmp_path / "m.annotators.csv", index_col="annotator")["skill"]
    assert skill["anna"] > skill["carl"] > skill["boris"]


@pytest.mark.parametrize("method", ["weighted_majority", "dawid_skene"])
def test_known_answers_decide_and_score(toloka, tmp_path, command, method):
    (tmp_path / "known.csv").write_text("image,label\ntrouser-2.png,bag\nbags.png,bag\n")
    flags = ("--consensus", method, "--golden", tmp_path / "known.csv")
    result = command("import_labels", toloka, "--output", tmp_path / "m.parquet", *flags)
    assert "there is no image 'bags.png'" in result.out
    table = Manifest.load(tmp_path / "m.parquet").table.set_index("image")
    assert table.loc["trouser-2.png", "label"] == "bag"
    assert pd.read_csv(tmp_path / "m.annotators.csv", index_col=0)["golden_right"].to_dict()["carl"] == 1


def test_a_pattern_on_the_path_groups_images(photos, tmp_path, command):
    command("import_labels", photos, "--output", tmp_path / "m.parquet", "--group", r"(\d)\.png$")
    table = Manifest.load(tmp_path / "m.parquet").table
    assert (table["group"] == table["image"].str[-5]).all()


def test_decisions_are_laid_over_and_those_that_fit_nothing_are_told(photos, tmp_path, command):
    image = sorted((photos / "train" / "bag").iterdir())
    rows = [f"train/bag/{image[0].name},sneaker,is a shoe", f"{image[1]},,blurred", "nothing.png,bag,",
            f"train/bag/{image[2].name},snaeker,"]  # fmt: skip
    (tmp_path / "fix.csv").write_text("\n".join(["image,label,note", *rows]))
    before = sorted(path.relative_to(photos) for path in photos.rglob("*"))
    result = command("import_labels", photos, "--output", tmp_path / "m.parquet", "--overlay", tmp_path / "fix.csv")
    assert result.code == 3
    assert "there is no image 'nothing.png'" in result.out
    assert "there is no class 'snaeker', did you mean 'sneaker'?" in result.out
    table = Manifest.load(tmp_path / "m.parquet").table.set_index("image")
    assert table.loc[f"train/bag/{image[0].name}", "label"] == "sneaker"
    assert f"train/bag/{image[1].name}" not in table.index
    assert len(table) == 17
    assert sorted(path.relative_to(photos) for path in photos.rglob("*")) == before


@pytest.mark.parametrize("margin", [0, 0.5])  # which another tool does not get
@pytest.mark.parametrize("format", ["coco", "voc", "csv"])
def test_a_conversion_comes_back_with_everything_that_the_format_holds(coco, tmp_path, command, format, margin):
    first, crop = tmp_path / "first.parquet", ("--boxes", "crop", "--box-margin", margin)
    command("import_labels", coco, "--output", first, *crop, "--group", "patient")
    command("import_labels", first, "--convert-to", format, "--convert-folder", tmp_path / "out")
    assert not (tmp_path / "manifest.parquet").exists()
    folder = {"voc": tmp_path / "out", "coco": tmp_path / "out", "csv": tmp_path / "out" / "labels.csv"}[format]
    command("import_labels", folder, "--output", tmp_path / "second.parquet", *crop)
    tables = [Manifest.load(path).table for path in (first, tmp_path / "second.parquet")]
    for table in tables:
        table["image"] = table["image"].str.replace("JPEGImages/", "")
        table["labels"] = table["labels"].map(list)
    expected, got = (table.drop(columns="source").sort_values(["image", *BOX], ignore_index=True) for table in tables)
    pd.testing.assert_frame_equal(got, expected)
    assert expected.loc[expected["attributes"].str.contains("occluded"), "label"].tolist() == ["trouser"]


@pytest.mark.parametrize("format", ["yolo", "folders"])
def test_a_conversion_from_annotations_is_whole_or_not_there(coco, tmp_path, command, format):
    flags = ("--boxes", "largest", "--convert-to", format, "--convert-folder", tmp_path / "out")
    result = command("import_labels", coco, "--output", tmp_path / "m.parquet", *flags)
    if format == "yolo":  # whose files hold boxes only
        assert "Where the source has boxes, --boxes crop keeps them" in result.err
        assert [path.name for path in tmp_path.iterdir() if path.name in ("out", "m.parquet")] == []
        result = command("import_labels", coco, "--output", tmp_path / "m.parquet", "--boxes", "crop", *flags[2:])
        assert "labels written for yolo" in result.out
    else:
        assert Manifest.load(tmp_path / "m.parquet").counts()["unsplit"].to_dict() == {"bag": 3, "trouser": 3}
    assert (tmp_path / "out").is_dir()


def test_a_conversion_says_how_many_labels_it_holds(photos, tmp_path, command):
    command("import_labels", photos, "--output", tmp_path / "a.parquet")
    to = ("import_labels", tmp_path / "a.parquet", "--convert-folder", tmp_path / "out", "--convert-to")
    refused = command(*to, "yolo")
    assert refused.code == 2
    assert "YOLO cannot hold any of the 18 labels here" in refused.err
    assert "one folder of images a class (folders)" in refused.err
    assert not (tmp_path / "out").exists()
    assert "18 labels written for coco to" in command(*to, "coco").out
    (tmp_path / "names.csv").write_text("from,to\nbag,bag / purse\n")
    named = command(
        *to[:2], "--rename", tmp_path / "names.csv", "--convert-folder", tmp_path / "b", "--convert-to", "voc"
    )
    assert "12 of 18 labels written for voc to" in named.out
    assert "6 labels left out" in named.out


def test_a_manifest_is_changed_into_another_one(photos, tmp_path, command):
    command("import_labels", photos, "--output", tmp_path / "a.parquet")
    (tmp_path / "names.csv").write_text("from,to\nbag,thing\nsneaker,thing\n")
    flags = ("--rename", tmp_path / "names.csv", "--output", tmp_path / "b.parquet")
    assert command("import_labels", tmp_path / "a.parquet", *flags).code == 0
    assert Manifest.load(tmp_path / "b.parquet").counts()["train"].to_dict() == {"thing": 8, "trouser": 4}
    assert Manifest.load(tmp_path / "a.parquet").class_names == ["bag", "sneaker", "trouser"]
    image = Manifest.load(tmp_path / "b.parquet").split("train")["image"].iloc[0]
    (tmp_path / "fix.csv").write_text(f"image,label\n{image},trouser\n")
    flags = ("--overlay", tmp_path / "fix.csv", "--output", tmp_path / "c.parquet")
    assert command("import_labels", tmp_path / "b.parquet", *flags).code == 0
    assert Manifest.load(tmp_path / "c.parquet").counts()["train"].to_dict() == {"thing": 7, "trouser": 5}


REFUSED = {
    "an output of another kind": (["--output", "m.csv"], "ends in .parquet"),
    "a margin without crops": (["--box-margin", 0.1], "Add --boxes crop"),
    "known answers without a consensus": (["--golden", "g.csv"], "Add --consensus weighted_majority"),
    "a conversion to nowhere": (["--convert-to", "coco"], "Add --convert-folder FOLDER"),
    "a conversion to no format": (["--convert-folder", "out"], "Add --convert-to coco"),
    "a conversion over something": (
        ["--convert-to", "coco", "--convert-folder", "."],
        "Name a folder that is not there yet",
    ),
    "limits of no fetching": (["--fetch-seconds", 5], "with --fetch-to"),
    "a misspelt format": (["--format", "coko"], "Did you mean 'coco'?"),
    "a misspelt mode": (["--boxes", "corp"], "Did you mean 'crop'?"),
    "images that are nowhere": (["--images", "nowhere"], "there is no folder nowhere"),
    "a broken pattern": (["--group", "(["], "is no regular expression"),
    "a group that nobody has": (["--group", "patiant"], "Did you mean 'patient'?"),
    "an overlay that is nowhere": (["--overlay", "nowhere.csv"], "nothing at nowhere.csv"),
    "a consensus of nobody": (["--consensus", "majority"], "no answers with an annotator"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_a_sentence_and_nothing_is_written(what, coco, tmp_path, command, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    flags, sentence = REFUSED[what]
    result = command("import_labels", coco, *flags)
    assert result.code == 2
    assert sentence in result.err
    assert result.err.count("\n") == 1
    assert list((tmp_path / "here").iterdir()) == []


def test_what_cannot_be_done_to_a_manifest_is_refused(photos, tmp_path, command):
    command("import_labels", photos, "--output", tmp_path / "a.parquet")
    for flags in (["--format", "coco"], ["--boxes", "crop"], ["--consensus", "majority"]):
        result = command("import_labels", tmp_path / "a.parquet", *flags, "--output", tmp_path / "b.parquet")
        assert result.code == 2
        assert "is a manifest already: only --rename" in result.err
    assert "Name what to write" in command("import_labels", tmp_path / "a.parquet").err
    itself = command("import_labels", tmp_path / "a.parquet", "--output", tmp_path / "a.parquet")
    assert "the source itself" in itself.err


def test_pixels_in_an_idx_file_become_images(tmp_path, command, monkeypatch):
    monkeypatch.setenv("IMGCLS_CACHE", str(tmp_path / "cache"))
    images = np.arange(8 * 28 * 28, dtype=np.uint8).reshape(8, 28, 28)
    (tmp_path / "idx").mkdir()
    head = b"\0\0\x08\x03" + np.array([8, 28, 28], ">u4").tobytes()
    (tmp_path / "idx" / "train-images-idx3-ubyte").write_bytes(head + images.tobytes())
    labels = b"\0\0\x08\x01" + np.array([8], ">u4").tobytes() + bytes([0, 1] * 4)
    (tmp_path / "idx" / "train-labels-idx1-ubyte").write_bytes(labels)
    assert command("import_labels", tmp_path / "idx", "--output", tmp_path / "m.parquet").code == 0
    manifest = Manifest.load(tmp_path / "m.parquet")
    assert manifest.counts()["train"].to_dict() == {"0": 4, "1": 4}
    assert manifest.root.is_relative_to(tmp_path / "cache")
    assert np.array_equal(PIL.Image.open(manifest.paths(manifest.table)[3]), images[3])


@pytest.mark.parametrize("name", ["cifar", "tfrecord"])
def test_images_inside_other_files_become_examples(tmp_path, command, name):
    """Two files with two images each, of which one is of nobody's."""
    result = command("import_labels", FILES / name, "--output", tmp_path / "m.parquet", "--boxes", "crop",
                     "--unpack-to", tmp_path / "images")  # fmt: skip
    manifest = Manifest.load(tmp_path / "m.parquet")
    assert result.code == (3 if name == "tfrecord" else 0)
    assert sorted(manifest.table["label"]) == {"cifar": ["Guide dog", "Guide dog", "cat", "cat"],
                                      "tfrecord": ["Guide dog", "cat", "птица"]}[name]  # fmt: skip
    assert len(list((tmp_path / "images").rglob("*.png"))) == {"cifar": 4, "tfrecord": 3}[name]
    assert manifest.problems.empty


@pytest.mark.slow
def test_the_log_of_tensorflow_is_kept_from_the_terminal(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "imgcls.import_labels", FILES / "tfrecord", "--output", tmp_path / "m.parquet"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 3
    assert result.stderr == ""


def test_one_thing_is_called_one(small_data, tmp_path, command):
    folder = tmp_path / "data"
    for number, image in enumerate(sorted((small_data / "train" / "bag").iterdir())[:2]):
        (folder / f"{number}.png").parent.mkdir(exist_ok=True)
        shutil.copy(image, folder / f"{number}.png")
    (folder / "t.csv").write_text("image,label\n0.png,bag\n")
    result = command("import_labels", folder, "--output", tmp_path / "m.parquet")
    assert "1 example of 1 class written to" in result.out
    assert "1 thing about the annotations" in result.out
