import pandas as pd
import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.data.manifest.task import settle_task
from imgcls.data.manifest.trainable import check_trainable


def manifest_of(*labels: list[str], **how: object) -> Manifest:
    rows = pd.DataFrame({"image": [f"{place}.png" for place in range(len(labels))], "labels": labels})
    return Manifest.from_records(rows, "/nowhere", **how)


ONE, SEVERAL, NONE = manifest_of(["a"], ["b"]), manifest_of(["a"], ["a", "b"]), manifest_of(["a"], [])


def test_the_labels_decide_and_a_sentence_says_so():
    assert settle_task("auto", ONE) == ("single_label", "")
    task, why = settle_task("auto", manifest_of(["a"], ["a", "b"], [], boxes="multi_label"))
    assert task == "multi_label"
    assert "of 3 images 1 have several classes and 1 have none" in why
    assert "--boxes crop" in why


def test_one_class_an_image_can_be_learned_as_several():
    assert settle_task("multi_label", ONE) == ("multi_label", "")


@pytest.mark.parametrize("manifest", [SEVERAL, NONE], ids=["several", "none"])
def test_a_single_label_is_not_made_of_several_or_none(manifest):
    with pytest.raises(ValueError, match=r"--task multi_label.*import the labels again"):
        settle_task("single_label", manifest)


@pytest.mark.parametrize("boxes", ["single", "crop"])
def test_classes_that_were_given_after_the_import_decide_whatever_it_made_of_boxes(boxes):
    assert settle_task("auto", manifest_of(["a", "b"], boxes=boxes))[0] == "multi_label"
    assert settle_task("auto", manifest_of(["a"], [], boxes=boxes))[0] == "multi_label"


def test_one_class_is_enough_where_some_images_lack_it():
    check_trainable(NONE, divided=False)
    with pytest.raises(ValueError, match="every image has it"):
        check_trainable(manifest_of(["a"], ["a"]), divided=False, task="multi_label")
    with pytest.raises(ValueError, match="only one class"):
        check_trainable(manifest_of(["a"], ["a"]))
    with pytest.raises(ValueError, match="No image has a class"):
        check_trainable(manifest_of([], []))


def test_every_class_of_a_split_has_to_be_known():
    manifest = manifest_of(["a"], ["b"], ["a", "c"])
    manifest.table["split"] = ["train", "train", "test"]
    with pytest.raises(ValueError, match="test split has 'c'"):
        check_trainable(manifest, divided=False)
