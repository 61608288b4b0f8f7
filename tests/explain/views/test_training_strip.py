import numpy as np
import pytest

from imgcls.explain.drawing import diverging, sequential
from imgcls.explain.views.training_strip import Stage, shown_epochs, stage_sheet, strip

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1)).astype(np.float32)


def stage(epoch: int, strength: float = 1.0, low: float = 0.0, images: int = 2) -> Stage:
    random = np.random.default_rng(3)
    maps = {name: strength * random.uniform(low, 1, (images, side, side, 8)) for name, side in (("c1", 28), ("c3", 10))}
    return Stage(epoch, "c1_conv", strength * random.normal(size=(5, 5, 1, 6)), maps)


def colors(image) -> set[tuple[int, int, int]]:
    return {color for _, color in image.convert("RGB").getcolors(1 << 24)}


def test_a_row_has_one_scale_so_that_growth_is_seen():
    grown = strip([stage(0, 0.01), stage(1)], PIXELS, ["bag", "coat"], "how it came about")
    alike = strip([stage(0), stage(1)], PIXELS, ["bag", "coat"], "how it came about")
    assert grown.size == alike.size
    brightest = tuple(sequential(np.array([1.0]))[0])
    assert brightest in colors(grown)
    assert np.asarray(grown).sum() != np.asarray(alike).sum()


def test_maps_below_zero_are_drawn_on_both_sides_of_a_neutral_color():
    against = tuple(int(each) for each in diverging(np.array([-1.0]))[0])
    assert against in colors(strip([stage(0, low=-1.5)], PIXELS, ["bag", "coat"], "signed"))
    assert against not in colors(strip([stage(0)], PIXELS, ["bag", "coat"], "not signed"))


def test_the_sheet_of_an_epoch_shows_every_image_for_every_layer():
    one = stage_sheet(stage(2, images=1), PIXELS[:1], ["bag"], "after epoch 2")
    two = stage_sheet(stage(2), PIXELS, ["bag", "coat"], "after epoch 2")
    assert two.width == 2 * 330
    assert two.height == one.height


def test_many_epochs_become_twelve_columns_with_the_first_and_the_last():
    many = [stage(epoch) for epoch in range(40)]
    assert shown_epochs(40)[0] == 0
    assert shown_epochs(40)[-1] == 39
    assert strip(many, PIXELS, ["bag", "coat"], "").size == strip(many[:12], PIXELS, ["bag", "coat"], "").size


def test_no_epoch_and_filters_that_are_not_finite():
    with pytest.raises(ValueError, match="No epoch was kept"):
        strip([], PIXELS, ["bag", "coat"], "")
    broken = stage(1)
    broken.kernel[:] = np.nan
    assert strip([stage(0), broken], PIXELS, ["bag", "coat"], "").width
