"""What differs between two versions."""

import pandas as pd
from projects.differences import difference
from projects.edits import bring_back, rename_class, set_aside, set_label, set_split
from projects.union import join

from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX


def images(*names: str) -> Manifest:
    rows = pd.DataFrame({"image": [f"{name}.png" for name in names], "label": ["cat", "dog", "cat"][: len(names)]})
    return Manifest.from_records(rows.assign(sha256=list(names)), "photos")


def test_the_first_version_is_all_new():
    assert difference(None, images("a", "b")).sentences() == ["2 images added."]


def test_a_new_file_that_cannot_be_read_is_no_image():
    after = images("a", "b", "c")
    after.table.loc[2, "problems"] = "a damaged JPEG file"
    assert difference(images("a"), after).sentences() == ["1 image added.", "1 new file cannot be read."]


def test_every_kind_of_change_is_said():
    before = set_aside(images("a", "b", "c"), [2])
    after = set_split(set_label(bring_back(set_aside(before, [0]), [2]), [1], "cow"), [1], "test")
    changed = difference(before, join(after, images("d")).manifest)
    assert changed.sentences() == [
        "1 image added.",
        "1 image left out.",
        "1 image brought back.",
        "1 image: dog became cow.",
        "1 image: moved from no split to test.",
    ]
    assert changed.rows == (0, 1, 2, 3)


def test_a_renamed_class_is_one_sentence():
    before = images("a", "b", "c")
    assert difference(before, rename_class(before, "cat", "tom")).sentences() == ["2 images: cat became tom."]


def cut(manifest: Manifest, row: int, *box: float) -> Manifest:
    table = manifest.table.copy()
    table.loc[row, BOX] = box
    return Manifest(table, manifest.root)


def test_another_part_of_an_image_is_a_change():
    whole = images("a", "b", "c")
    first = cut(whole, 1, 0.0, 0.0, 5.0, 5.0)
    for before, after in ((whole, first), (first, cut(first, 1, 0.0, 0.0, 5.0, 6.0)), (first, whole)):
        changed = difference(before, after)
        assert (changed.sentences(), changed.rows) == (["1 image: another part counts."], (1,))
    assert difference(first, first).rows == ()


def test_another_part_is_said_beside_other_changes():
    before = images("a", "b", "c")
    changed = difference(before, cut(set_label(before, [0], "cow"), 2, 1.0, 1.0, 4.0, 4.0))
    assert changed.sentences() == ["1 image: another part counts.", "1 image: cat became cow."]
    assert changed.rows == (0, 2)
