import numpy as np
import pytest

from imgcls.data.patches.grid import square_patches
from imgcls.data.patches.labels import BACKGROUND, PARTIAL, objects_shown


def counted_in_pixels(patch, boxes, labels, filled, inside, size):
    """The same answer, by counting pixels: the class, "background", or "partial"."""
    grid = np.zeros((len(boxes), *size), bool)
    for layer, (left, top, right, bottom) in zip(grid, boxes, strict=True):
        layer[top:bottom, left:right] = True
    seen = np.zeros(size, bool)
    seen[int(patch[1]) : int(patch[3]), int(patch[0]) : int(patch[2])] = True
    touched = {label for layer, label in zip(grid, labels, strict=True) if (layer & seen).any()}
    if not touched:
        return "background"
    shown = [
        (layer & seen).sum() >= filled * seen.sum() and (layer & seen).sum() >= inside * layer.sum() for layer in grid
    ]
    return touched.pop() if len(touched) == 1 and any(shown) else "partial"


@pytest.mark.parametrize("seed", range(8))
def test_labels_are_those_of_counted_pixels(seed):
    generator = np.random.default_rng(seed)
    height, width = generator.integers(20, 60, 2)
    corners = np.sort(
        np.stack([generator.integers(0, width + 1, (3, 2)), generator.integers(0, height + 1, (3, 2))]), -1
    )
    boxes = np.stack([corners[0, :, 0], corners[1, :, 0], corners[0, :, 1], corners[1, :, 1]], 1)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    labels = ["cat", "dog", "cat"]
    filled, inside = generator.uniform(0.05, 0.5), generator.uniform(0.3, 0.9)
    patches = square_patches(width, height)
    names = [*labels, "partial", "background"]  # in the places of -2 and -1
    found = [names[place] for place in objects_shown(patches, boxes, labels, filled, inside)]
    assert found == [counted_in_pixels(patch, boxes, labels, filled, inside, (height, width)) for patch in patches]


def test_an_object_a_patch_and_background_by_hand():
    boxes = np.array([[10, 10, 30, 30], [60, 10, 70, 20]])
    patches = np.array([
        [10, 10, 30, 30],  # the cat
        [0, 0, 44, 44],  # the cat, which fills 400 of 1936: 0.207
        [0, 0, 45, 45],  # the cat fills 400 of 2025: 0.198
        [18, 10, 38, 30],  # 0.6 of the cat
        [19, 10, 39, 30],  # 0.55 of the cat
        [30, 10, 50, 30],  # beside the cat, sharing an edge
        [20, 0, 61, 41],  # a part of the cat and a strip of the dog
    ])  # fmt: skip
    expected = [0, 0, PARTIAL, 0, PARTIAL, BACKGROUND, PARTIAL]
    assert objects_shown(patches, boxes, ["cat", "dog"]).tolist() == expected


def test_two_objects_of_one_class_may_share_a_patch_and_two_classes_may_not():
    boxes, patch = np.array([[0, 0, 5, 10], [5, 0, 10, 10]]), np.array([[0, 0, 10, 10]])
    assert objects_shown(patch, boxes, ["cat", "cat"]).tolist() == [0]
    assert objects_shown(patch, boxes, ["cat", "dog"]).tolist() == [PARTIAL]
    assert objects_shown(patch, np.array([[0, 0, 4, 10], [4, 0, 10, 10]]), ["cat", "cat"]).tolist() == [1]


def test_an_image_without_objects_is_background():
    assert objects_shown(square_patches(9, 9), np.zeros((0, 4)), []).tolist() == [BACKGROUND] * len(
        square_patches(9, 9)
    )
