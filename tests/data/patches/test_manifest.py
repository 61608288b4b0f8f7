from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from imgcls.config import LabelsConfig, PatchesConfig
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.patches.grid import square_patches
from imgcls.data.patches.manifest import check_boxes, patches_of, sentence
from imgcls.data.sources.importing import import_manifest
from imgcls.data.splits.assign import assign_splits
from imgcls.labels.records import BOX
from tests.data.patches.canvases import write_canvases


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """Canvases by way of the COCO importer, inspected and divided as a run does it."""
    file = write_canvases(tmp_path_factory.mktemp("canvases"), ("bag", "trouser"), 24)
    manifest = inspect(import_manifest(file, LabelsConfig(boxes="crop")).manifest)
    return assign_splits(manifest, 0.15, 0.2, seed=0)


def manifest_of(rows: list[dict]) -> Manifest:
    """Objects of images of 100 by 100 pixels."""
    rows = [{"split": "train", "width": 100, "height": 100, **row, **dict(zip(BOX, row["box"], strict=True))}
            for row in rows]  # fmt: skip
    return Manifest.from_records(pd.DataFrame(rows), "/nowhere")


CAT = {"image": "a.png", "label": "cat", "box": (10, 10, 40, 40)}
DOG = {"image": "b.png", "label": "dog", "box": (60, 50, 95, 90)}


def test_patches_stay_in_the_split_of_their_image_and_inside_it(objects):
    patches = patches_of(objects, PatchesConfig(), seed=0)
    assert patches.class_names == ["background", "bag", "trouser"]
    rows = patches.usable
    assert (rows.groupby("image")["split"].nunique() == 1).all()
    splits = objects.usable.groupby("image")["split"].first()
    assert (rows["split"] == rows["image"].map(splits)).all()
    assert (rows["group"] == rows["image"]).all()
    assert set(rows["image"]) == set(objects.usable["image"])
    assert (rows["x_max"] - rows["x_min"] == rows["y_max"] - rows["y_min"]).all()
    assert rows[BOX].min().min() == 0
    assert (rows["x_max"] <= rows["width"]).all()
    assert (rows["y_max"] <= rows["height"]).all()
    assert not rows.duplicated(["image", *BOX]).any()
    assert rows["image"].value_counts().max() <= 32
    assert patches.table.attrs["boxes"] == "patches"
    assert "only background" in sentence(patches)


def test_a_label_is_that_of_the_one_class_the_patch_touches(objects):
    config = PatchesConfig(patches_per_image=1000, partial_patches="leave_out")
    patches = patches_of(objects, config, seed=0).usable
    of_image = dict(list(objects.usable.groupby("image")))
    for row in patches.sample(300, random_state=0).itertuples():
        boxes = of_image[row.image]
        wide = np.minimum(boxes["x_max"], row.x_max) - np.maximum(boxes["x_min"], row.x_min)
        high = np.minimum(boxes["y_max"], row.y_max) - np.maximum(boxes["y_min"], row.y_min)
        touched = set(boxes["label"][(wide > 0) & (high > 0)])
        assert touched == (set() if row.label == "background" else {row.label})


def test_the_draw_is_the_seeds_and_an_image_keeps_its_patches_when_others_come(objects):
    config = PatchesConfig(patches_per_image=10)
    first, again = patches_of(objects, config, seed=3), patches_of(objects, config, seed=3)
    pd.testing.assert_frame_equal(first.table, again.table)
    assert not patches_of(objects, config, seed=4).table[BOX].equals(first.table[BOX])
    name = objects.usable["image"].iloc[-1]
    fewer = Manifest(
        objects.table[objects.table["image"].isin([*objects.split("train")["image"][:9], name])], objects.root
    )
    of_it = [manifest.table[manifest.table["image"] == name][BOX].to_numpy()
             for manifest in (first, patches_of(fewer, config, seed=3))]  # fmt: skip
    assert np.array_equal(*of_it)


def test_the_shares_are_those_of_the_config_and_objects_take_turns():
    near = {"image": "a.png", "label": "cat", "box": (60, 50, 95, 90)}
    manifest = manifest_of([CAT, {**near}, DOG])
    rows = patches_of(manifest, PatchesConfig(patches_per_image=8, background_share=0.25), seed=0).table
    of_a = rows[rows["image"] == "a.png"]
    assert (of_a["label"] == "background").sum() == 2
    shown = of_a[of_a["label"] == "cat"]
    assert len(shown) == 6
    assert (shown["x_min"] + shown["x_max"] < 100).sum() == 3  # half of them for each cat


def test_partial_patches_are_left_out_or_background():
    manifest, everything = manifest_of([CAT, DOG]), PatchesConfig(patches_per_image=1000, background_share=0.9)
    left_out = patches_of(manifest, replace(everything, partial_patches="leave_out"), seed=0).table
    background = patches_of(manifest, everything, seed=0).table
    counts = [rows["label"].value_counts() for rows in (left_out, background)]
    assert counts[0]["cat"] == counts[1]["cat"]
    assert counts[0]["background"] < counts[1]["background"]
    assert len(background) == 2 * len(square_patches(100, 100))


def test_a_row_without_a_box_is_an_object_as_large_as_its_image():
    whole = {"image": "c.png", "label": "dog", "box": [np.nan] * 4}
    rows = patches_of(manifest_of([CAT, DOG, whole]), PatchesConfig(partial_patches="leave_out"), seed=0).table
    of_it = rows[rows["image"] == "c.png"]
    assert set(of_it["label"]) == {"dog"}
    assert (of_it["x_max"] - of_it["x_min"] >= 77).all()


def test_an_image_with_a_problem_stays_as_it_is_and_is_on_no_patch():
    manifest = manifest_of([CAT, DOG, {**DOG, "image": "c.png", "problems": "a broken file"}])
    made = patches_of(manifest, PatchesConfig(), seed=0)
    assert made.problems["image"].tolist() == ["c.png"]
    assert set(made.usable["image"]) == {"a.png", "b.png"}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (
            [CAT, {**DOG, "image": "a.png", "split": "test"}],
            "a.png is in the splits test and train; expected",
        ),
        ([CAT, {**DOG, "box": (60, 50, 62, 52)}], "Class 'dog' is on no patch of the training images"),
        (
            [{**CAT, "box": (0, 0, 100, 100)}, {**DOG, "box": (0, 0, 100, 99)}],
            "so there is none to learn",
        ),
    ],
)
def test_objects_that_give_no_patches_are_refused(rows, why):
    with pytest.raises(ValueError, match=why):
        patches_of(manifest_of(rows), PatchesConfig(partial_patches="leave_out"), seed=0)


def test_data_without_boxes_or_with_a_background_of_its_own_is_refused():
    with pytest.raises(ValueError, match=r"learns from the boxes around objects, and this data has none.*--boxes crop"):
        check_boxes(manifest_of([{**CAT, "box": [np.nan] * 4}]))
    with pytest.raises(ValueError, match="has a class 'background', which --plan patches makes"):
        check_boxes(manifest_of([CAT, {**DOG, "label": "background"}]))
