"""How a network was given images, from the config beside its weights."""

import json

import pytest

from imgcls.models.weights.pixels import timm_pixels
from imgcls.models.weights.timm_networks import PUBLISHED


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


@pytest.mark.parametrize(
    ("name", "mean", "std"),
    [
        ("efficientnet_b0.ra4_e3600_r224_in1k", 127.5, 127.5),
        ("tf_efficientnet_lite0.in1k", 127.5, 127.5),
        ("convnext_base.clip_laion2b_augreg_ft_in1k", 122.771, 68.501),
        ("resnet50.a1_in1k", 123.675, 58.395),
    ],
)
def test_without_a_config_mean_and_deviation_are_those_that_timm_has_for_the_name(tmp_path, name, mean, std):
    places = [(tmp_path / f"{name}.safetensors", ""), (tmp_path / name / "model.safetensors", "")]
    for path, named in [*places, (tmp_path / "snapshots" / "0123" / "model.safetensors", name)]:
        found = timm_pixels(path, named)
        assert (found.mean[0], found.std[0]) == pytest.approx((mean, std), abs=1e-3)
        assert found.preprocessing == {}


def test_the_table_has_the_weights_that_are_advised(tmp_path):
    assert all(timm_pixels(tmp_path / f"{name}.safetensors") for name in PUBLISHED)


def test_the_config_beside_the_file_goes_before_the_name(tmp_path):
    (tmp_path / "config.json").write_text('{"pretrained_cfg": {"mean": [0.1, 0.1, 0.1], "std": [0.2, 0.2, 0.2]}}')
    assert timm_pixels(tmp_path / "resnet50.a1_in1k.safetensors").mean == pytest.approx((25.5, 25.5, 25.5))


def test_the_config_of_another_library_says_nothing(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    assert timm_pixels(tmp_path / "model.safetensors") is None


@pytest.mark.parametrize("text", ["{", '{"pretrained_cfg": {}}', '{"pretrained_cfg": {"mean": 1, "std": 1}}'])
def test_a_damaged_config_is_named(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError, match=r"config\.json is no config of timm that can be read"):
        timm_pixels(tmp_path / "model.safetensors")
