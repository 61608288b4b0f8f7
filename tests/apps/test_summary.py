"""What training lacks."""

import pandas as pd
from projects.edits import set_aside
from projects.summary import missing_for_training
from projects.versions import NO_LABEL

from imgcls.data.manifest.table import Manifest


def images(**counts: int) -> Manifest:
    labels = [name for name, count in counts.items() for _ in range(count)]
    return Manifest.from_records(
        pd.DataFrame({"image": [f"{place}.png" for place in range(len(labels))], "label": labels}), "photos"
    )


def test_nothing_is_missing_where_there_are_enough_of_two_classes():
    assert missing_for_training(images(cat=4, dog=4)) == []


def test_what_is_missing_is_said_with_what_to_do():
    waiting = images(cat=2)
    waiting.table["problems"] = NO_LABEL
    assert missing_for_training(waiting) == ["No image has a label yet. Give some of them labels."]
    assert "only one class, 'cat'. Add images of another" in missing_for_training(images(cat=9))[0]
    assert missing_for_training(images(cat=9, dog=3)) == [
        "'dog' has fewer than 4 images. Add some, merge the class, or drop it."
    ]
    gone = set_aside(images(cat=5, dog=5, cow=1), [10])
    assert missing_for_training(gone) == [
        "'cow' has no image left that can be used. Bring some back, or drop the class."
    ]


def test_a_class_that_only_the_test_has_is_said_without_flags():
    manifest = images(cat=6, cow=6, dog=6)
    manifest.table["split"] = ["train", "validation", "test"] * 4 + ["test"] * 6
    (sentence,) = missing_for_training(manifest)
    assert "'dog'" in sentence
    assert "--" not in sentence
