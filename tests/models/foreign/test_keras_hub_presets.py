"""KerasHub's backbones from a folder on the disk; nothing is downloaded."""

import numpy as np
import pytest

from imgcls.models import build_model, find_architecture, load_model
from imgcls.models.keras_file import save
from tests.models.foreign.conftest import embedding


def test_without_the_package_the_sentence_has_the_command(monkeypatch):
    monkeypatch.setattr("imgcls.models.foreign.keras_hub_presets.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"keras_hub:some needs KerasHub: pip install imgcls\[keras-hub\]"):
        find_architecture("keras_hub:some")


@pytest.fixture
def preset(tmp_path):
    import keras_hub  # which takes seconds

    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(None, None, 3),
    )
    backbone.save_to_preset(tmp_path / "preset")
    return tmp_path / "preset", backbone


def test_a_folder_gives_its_features_and_survives_a_file(preset, tmp_path):
    folder, backbone = preset
    model = build_model(f"keras_hub:{folder}", (64, 64, 3), num_classes=2, weights="own", preprocessing="0-1")
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")
    np.testing.assert_allclose(embedding(model)(pixels), np.asarray(backbone(pixels / 255)).mean((1, 2)), atol=1e-5)
    save(model, tmp_path / "model.keras")
    np.testing.assert_allclose(load_model(tmp_path / "model.keras")(pixels), model(pixels), atol=1e-5)


def test_a_folder_that_is_no_preset_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is no preset of KerasHub"):
        find_architecture(f"keras_hub:{tmp_path}")
    (tmp_path / "config.json").write_text(
        '{"module": "subprocess", "class_name": "Popen", "registered_name": "Popen", "config": {}}'
    )
    with pytest.raises(ValueError, match="is not opened: it has 'Popen'"):
        find_architecture(f"keras_hub:{tmp_path}")
