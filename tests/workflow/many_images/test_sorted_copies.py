import zipfile
from pathlib import Path

import numpy as np
import pytest

from imgcls.serving.named_image import NamedImage
from imgcls.serving.predictions import Predictions
from imgcls.serving.signatures import NONE_OF_THESE, NOT_SURE
from imgcls.workflow.many_images.predict import ManyImages, predict_many
from imgcls.workflow.many_images.sorted_copies import SortedCopies, folder_names, places_of
from tests.workflow.many_images.brightness import brightness, gray, write_grays


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("link", [False, True])
def test_images_lie_in_the_folder_of_their_class(tmp_path, link):
    write_grays(tmp_path / "photos", 4)
    (tmp_path / "photos" / "half.png").write_bytes(gray(1)[:40])
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("folder/00000.png", gray(250))
        archive.writestr("folder/00002.png", gray(31))
    inputs = [str(tmp_path / "photos"), str(tmp_path / "more.zip"), "missing.png"]
    request = ManyImages("bright", inputs, sort_into=tmp_path / "sorted", link=link)
    for _ in range(2):  # a second start changes nothing
        predict_many(brightness(), request)
        found = tree(tmp_path / "sorted")
        assert [name for name in found if "-" not in name] == [
            "_problems/half.png", "bright/00000.png", "bright/00001.png", "bright/00003.png", "dark/00000.png",
            "dark/00002.png",
        ]  # fmt: skip
        (other,) = [name for name in found if "-" in name]
        assert other.startswith("dark/00002-")  # the name was taken by another image
        assert (tmp_path / "sorted" / other).read_bytes() == gray(31)
    assert (tmp_path / "sorted/bright/00001.png").is_symlink() == link
    assert (tmp_path / "sorted/bright/00001.png").read_bytes() == (tmp_path / "photos/1/00001.png").read_bytes()
    assert not (tmp_path / "sorted/bright/00000.png").is_symlink()


def test_what_lies_there_is_not_overwritten(tmp_path):
    write_grays(tmp_path / "photos", 1)
    (tmp_path / "sorted" / "dark").mkdir(parents=True)
    (tmp_path / "sorted" / "dark" / "00000.png").write_text("mine")
    predict_many(brightness(), ManyImages("bright", [str(tmp_path / "photos")], sort_into=tmp_path / "sorted"))
    assert (tmp_path / "sorted/dark/00000.png").read_text() == "mine"
    assert len(tree(tmp_path / "sorted")) == 2


@pytest.mark.parametrize("link", [False, True])
def test_equal_images_of_the_same_name_get_one_file_and_are_counted(tmp_path, link):
    for folder, level in (("a", 20), ("b", 20), ("c", 21), ("d", 21)):
        (tmp_path / "photos" / folder).mkdir(parents=True)
        (tmp_path / "photos" / folder / "0.png").write_bytes(gray(level))
    request = ManyImages("bright", [str(tmp_path / "photos")], sort_into=tmp_path / "sorted", link=link)
    first, second = (predict_many(brightness(), request) for _ in range(2))
    assert (first.count, first.new_files, first.equal_files) == (4, 3, 1)
    assert (second.count, second.new_files, second.equal_files) == (4, 0, 4)
    assert len(tree(tmp_path / "sorted")) == 3


@pytest.mark.parametrize("link", [False, True])
def test_names_are_as_long_as_a_disk_takes(tmp_path, link):
    folders = [tmp_path / "photos" / name for name in "ab"]
    for level, folder in enumerate(folders):
        folder.mkdir(parents=True)
        (folder / ("花" * 83 + ".png")).write_bytes(gray(20 + level))
        (folder / ("x" * 246 + ".png")).write_bytes(gray(30 + level))
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("花" * 400 + ".png", gray(40))
    inputs = [str(tmp_path / "photos"), str(tmp_path / "more.zip")]
    for _ in range(2):  # a second start changes nothing
        predict_many(brightness(), ManyImages("bright", inputs, sort_into=tmp_path / "sorted", link=link))
        found = [path for path in (tmp_path / "sorted").rglob("*") if not path.is_dir()]
        assert {path.read_bytes() for path in found} == {gray(level) for level in (20, 21, 30, 31, 40)}
        assert len(found) == 5
        assert {path.suffix for path in found} == {".png"}
        assert all("\ufffd" not in path.name and path.name.isprintable() for path in found)


def judged(decisions, multi_label=False):
    count = len(decisions)
    probabilities = np.tile(np.float32([0.7, 0.3]), (count, 1))
    outputs = {
        "decision": np.float32(decisions),
        "prediction_set": np.tile(np.float32([1, 1]), (count, 1)),
        "unknown_score": np.zeros(count, np.float32),
    }
    return Predictions([Path()] * count, ["a", "b"], probabilities, [""] * count, [], outputs, multi_label)


def test_each_answer_has_its_place():
    assert places_of(judged([1, 2, 3])) == [["b"], [NOT_SURE], [NONE_OF_THESE]]
    assert places_of(judged([0], multi_label=True)) == [["a", "b"]]


def test_other_answers_have_folders_of_their_own(tmp_path):
    copies = SortedCopies(tmp_path, ["a", "b"])
    images = [NamedImage(f"https://example.org/{name}?size=3", gray(5)) for name in ("x.png", "y", "z.png")]
    copies.put(images, judged([1, 2, 3]))
    assert tree(tmp_path) == ["_none of these/z.png", "_not sure/y.png", "b/x.png"]


def test_names_of_classes_become_names_of_folders():
    classes = ["../up", "..", "", "a" * 300, "A", "a", "con:1", "_problems", "花" * 100, "花" * 101, "_" + "é" * 150]
    names = folder_names(classes)
    assert len(set(map(str.lower, names.values()))) == len(classes)
    assert all("/" not in name and not name.startswith((".", "_")) for name in names.values())
    assert all(0 < len(name.encode()) <= 255 for name in names.values())
