"""`python -m imgcls.augment`, as a user meets it."""

from PIL import Image

from imgcls.data.augmentation import PRESETS, sheet


def test_a_sheet_shows_every_step_and_preset(small_data, tmp_path, command):
    result = command("augment", small_data, "--images", 2, "--output", tmp_path / "sheet.html")
    assert result.code == 0, result.err
    page = (tmp_path / "sheet.html").read_text()
    for name in ("original", *sheet.SHOWN, *PRESETS):
        assert f"<th>{name}</th>" in page
    assert page.count("<img") == 2 * (1 + len(sheet.SHOWN) + len(PRESETS))


def test_layers_are_drawn_alone_and_together(collages, tmp_path, command):
    layers = ("--augmentation-layers", "keras_cv.ChannelShuffle", "keras.RandomRotation(factor=0.2)")
    arguments = ("augment", collages, "--images", 2, "--image-size", 32, "--output", tmp_path / "sheet.html")
    result = command(*arguments, *layers)
    assert result.code == 0, result.err
    page = (tmp_path / "sheet.html").read_text()
    for name in ("original", "keras_cv.ChannelShuffle", "keras.RandomRotation", "all, seed 0", "all, seed 4"):
        assert f"<th>{name}</th>" in page
    assert "--augmentation-layers keras_cv.ChannelShuffle 'keras.RandomRotation(factor=0.2)'" in result.out
    assert command(*arguments, "--preset", "light", *layers).code == 0
    assert "<th>light, seed 0</th>" in (tmp_path / "sheet.html").read_text()


def test_a_layer_that_is_none_is_refused(small_data, tmp_path, command):
    arguments = ("augment", small_data, "--output", tmp_path / "sheet.png", "--augmentation-layers")
    assert "Did you mean 'keras_cv.RandAugment'?" in command(*arguments, "keras_cv.RandAugmen").err
    assert "names no augmentation layer" in command(*arguments, "RandAugment").err
    assert "divisible by the number of groups" in command(*arguments, "keras_cv.ChannelShuffle(groups=2)").err
    assert not (tmp_path / "sheet.png").exists()


def test_one_preset_is_drawn_with_single_settings(small_data, tmp_path, command):
    arguments = ("augment", small_data, "--images", 2, "--output", tmp_path / "sheet.png")
    assert command(*arguments, "--preset", "none", "--rotation", 90).code == 0
    with Image.open(tmp_path / "sheet.png") as drawn:
        assert drawn.width > 200
    refused = command(*arguments, "--rotation", 90)
    assert refused.code == 2
    assert "--preset none" in refused.err
    refused = command(*arguments, "--preset", "none", "--rotation", 900)
    assert "--rotation is 900.0; expected 0.0 to 180.0" in refused.err
    assert ".png or .html" in command("augment", small_data, "--output", tmp_path / "sheet.pdf").err
