"""How a network was given images, from the config beside its weights."""

import json

import pytest

from imgcls.models.weights.pixels import timm_pixels


def test_a_config_of_timm(tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps(
            {"pretrained_cfg": {"mean": [0.5] * 3, "std": [0.2] * 3, "crop_pct": 0.95, "interpolation": "bicubic"}}
        )
    )
    found = timm_pixels(tmp_path / "model.safetensors")
    assert found.mean == (127.5, 127.5, 127.5)
    assert found.std == (51.0, 51.0, 51.0)
    assert found.preprocessing == {"resize": "crop", "crop_share": 0.95, "interpolation": "bicubic"}


def test_without_a_config_nothing_is_known(tmp_path):
    assert timm_pixels(tmp_path / "model.safetensors") is None


def test_the_config_of_another_library_says_nothing(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    assert timm_pixels(tmp_path / "model.safetensors") is None


@pytest.mark.parametrize("text", ["{", '{"pretrained_cfg": {}}', '{"pretrained_cfg": {"mean": 1, "std": 1}}'])
def test_a_damaged_config_is_named(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError, match=r"config\.json is no config of timm that can be read"):
        timm_pixels(tmp_path / "model.safetensors")
