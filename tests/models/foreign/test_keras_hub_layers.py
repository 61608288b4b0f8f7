"""ViT and DeiT of KerasHub, whose own layers cannot be made again from their configs."""

import numpy as np
import pytest

from imgcls.models import build_model, load_model
from imgcls.models.foreign import packages
from imgcls.models.keras_file import save
from tests.models.foreign.conftest import SIZE, embedding

SIZES = {"image_shape": (SIZE, SIZE, 3), "patch_size": 16, "num_layers": 2, "num_heads": 2, "hidden_dim": 32}
BACKBONES = {
    "vit": ("ViTBackbone", {"mlp_dim": 64}),
    "vit_without_bias": ("ViTBackbone", {"mlp_dim": 64, "use_patch_bias": False, "use_mha_bias": False}),
    "vit_without_token": ("ViTBackbone", {"mlp_dim": 64, "use_class_token": False}),
    "deit": ("DeiTBackbone", {"intermediate_dim": 64}),
}


@pytest.fixture(params=BACKBONES)
def preset(request, tmp_path):
    """The folder of a preset, and its backbone."""
    import keras_hub  # which takes seconds

    kind, sizes = BACKBONES[request.param]
    backbone = getattr(keras_hub.models, kind)(**SIZES, **sizes)
    backbone.save_to_preset(tmp_path / request.param)
    return tmp_path / request.param, backbone


def test_a_vision_transformer_gives_its_features_and_survives_a_file(preset, pixels, tmp_path):
    folder, backbone = preset
    model = build_model(f"keras_hub:{folder}", (SIZE, SIZE, 3), num_classes=2, weights="own", preprocessing="0-1")
    np.testing.assert_allclose(embedding(model)(pixels), np.asarray(backbone(pixels / 255)).mean(1), atol=1e-5)
    save(model, tmp_path / "model.keras")
    np.testing.assert_allclose(load_model(tmp_path / "model.keras")(pixels), model(pixels), atol=1e-5)


def test_a_model_with_our_form_of_a_layer_of_keras_hub_names_the_package_where_it_is_missing(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"layers of keras_hub, which is not installed: pip install imgcls\[keras-hub"):
        packages.import_packages('{"module": "imgcls.models.foreign.keras_hub_layers"}')
