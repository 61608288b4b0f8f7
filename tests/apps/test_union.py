"""New images join those of a project."""

import numpy as np
import pandas as pd
import pytest
from projects.differences import difference
from projects.union import join
from projects.versions import NO_LABEL

from imgcls.data.manifest.table import Manifest


def images(root: str, **labels: str) -> Manifest:
    """Images by name, with their class; the bytes of each are its name's first letter."""
    rows = pd.DataFrame({"image": [f"{name}.png" for name in labels], "label": list(labels.values())})
    rows["labels"] = [[label] if label else [] for label in labels.values()]
    rows["sha256"] = [name[0] for name in labels]
    rows["problems"] = [NO_LABEL if not label else "" for label in labels.values()]
    return Manifest.from_records(rows, root)


def test_the_first_images_are_all_new():
    joined = join(None, images("photos", a="cat", b="dog"))
    assert (joined.added, joined.sentence()) == (2, "2 images added")


def test_boxes_are_counted_with_the_images_that_they_lie_in():
    new = images("photos", a="cat", a2="dog", b="cat", c="")
    new.table["image"] = ["a.png", "a.png", "b.png", "c.png"]
    new.table.loc[:2, ["x_min", "y_min", "x_max", "y_max"]] = np.array([[0, 0, 5, 5], [1, 1, 5, 5], [0, 0, 5, 5]])
    assert join(None, new).sentence() == "1 image and 3 boxes of 2 images added"
    boxes = Manifest(new.table[:3], new.root)
    assert join(None, boxes).sentence() == "3 boxes of 2 images added"
    assert difference(None, boxes).sentences() == ["3 boxes of 2 images added."]
    boxes.table["problems"] = "a damaged JPEG file"
    assert join(None, boxes).sentence() == "0 images added; 2 files cannot be read"
    assert difference(None, boxes).sentences() == ["2 new files cannot be read."]


def test_files_that_cannot_be_read_are_no_images(tmp_path):
    new = images(tmp_path, b="dog", c="cat", d="cat")
    new.table.loc[[1, 2], "problems"] = "a damaged JPEG file"
    assert join(None, new).sentence() == "1 image added; 2 files cannot be read"
    joined = join(images(tmp_path, a="cat", b="dog"), new)
    assert joined.sentence("from photos") == "0 images added, 1 was here already from photos; 2 files cannot be read"


def test_new_images_come_behind_and_every_path_leads_to_its_file(tmp_path):
    joined = join(images(tmp_path / "one", a="cat"), images(tmp_path / "two", b="dog"))
    assert joined.manifest.paths(joined.manifest.table) == [tmp_path / "one" / "a.png", tmp_path / "two" / "b.png"]
    assert joined.manifest.class_names == ["cat", "dog"]
    again = join(joined.manifest, images(tmp_path / "one" / "deeper", c="cat"))
    assert again.manifest.paths(again.manifest.table)[2] == tmp_path / "one" / "deeper" / "c.png"


def test_a_file_that_is_here_by_path_or_bytes_is_not_added_again(tmp_path):
    here = images(tmp_path, a="cat", b="dog")
    joined = join(here, images(tmp_path, a="cat", c="dog"))
    assert (joined.added, joined.known, joined.otherwise) == (1, 1, 0)
    assert joined.sentence() == "1 image added, 1 was here already"
    copies = join(here, images(tmp_path / "copies", a2="cat", b2="cat"))
    assert (copies.added, copies.known, copies.otherwise) == (0, 2, 1)  # b2 is a cat there, and a dog here
    assert copies.manifest.table["label"].tolist() == ["cat", "dog"]


def test_an_image_that_waits_takes_the_label_of_the_new_file(tmp_path):
    joined = join(images(tmp_path, a="", b="dog"), images(tmp_path / "labelled", a="cat", b="dog"))
    assert (joined.added, joined.labelled, joined.otherwise) == (0, 1, 0)
    assert joined.manifest.table[["label", "problems"]].values.tolist() == [["cat", ""], ["dog", ""]]
    assert list(joined.manifest.table["labels"][0]) == ["cat"]
    assert joined.sentence() == "0 images added, 1 image that had no label got one, 1 was here already"


@pytest.mark.parametrize(("left", "added"), [(10.0, 0), (11.0, 1)])
def test_another_box_of_the_same_image_is_another_example(tmp_path, left, added):
    def boxed(left: float) -> Manifest:
        manifest = images(tmp_path, a="cat")
        manifest.table.loc[:, ["x_min", "y_min", "x_max", "y_max"]] = np.array([[left, 0, 20, 20]])
        return manifest

    assert join(boxed(10.0), boxed(left)).added == added
