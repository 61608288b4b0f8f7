"""Networks with layer normalization and attention against timm's and torchvision's, with the same weights.

files/torch_answers.json was written by write_torch_answers.py in an environment with torch: the names and shapes of
each state dict, and what the network answered. The arrays are drawn anew, by their names.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import tests.models.architectures.test_architectures  # noqa: F401  (adds the small networks)
from imgcls.data_format import DATA_FORMATS
from imgcls.layers import PositionEmbedding
from imgcls.models import build_model
from imgcls.models.classifier import logits_model
from imgcls.models.weights.position_interpolation import for_grid
from tests.models.weights.random_arrays import random_array, random_pixels
from tests.models.weights.test_state_dict import write_safetensors

WRITTEN = json.loads((Path(__file__).parent / "files" / "torch_answers.json").read_text())
ANSWERS = {entry["file"]: entry for entry in WRITTEN["answers"]}


def state_dict(entry: dict, folder: Path) -> Path:
    path = folder / Path(entry["file"]).with_suffix(".safetensors")
    write_safetensors(path, {name: random_array(name, tuple(shape)) for name, shape in entry["shapes"].items()})
    return path


@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize("file", ANSWERS)
@pytest.mark.thorough
def test_the_answers_are_those_of_the_project_that_the_file_is_of(file, data_format, tmp_path):
    entry, path = ANSWERS[file], state_dict(ANSWERS[file], tmp_path)
    outputs, size = np.array(entry["outputs"]), entry["size"]
    headless = outputs.shape[1] != 5
    model = build_model(entry["network"], (*size, 3), weights=path, include_top=not headless, data_format=data_format)
    found = (model if headless else logits_model(model))(random_pixels(size)).numpy()
    assert np.linalg.norm(found - outputs) / np.linalg.norm(outputs) < 1e-4


def test_a_backbone_without_a_head_fills_a_classifier_but_its_head(tmp_path, caplog):
    caplog.set_level("INFO", "imgcls")
    path = state_dict(ANSWERS["dinov2_pretrain.pth"], tmp_path)
    assert build_model("small_dinov2", (40, 24, 3), ["cat", "dog"], weights=path).output_shape == (None, 2)
    assert "34 arrays matched, 2 missed, 0 left over." in caplog.text


def test_a_file_with_a_head_fills_a_backbone(tmp_path):
    path = state_dict(ANSWERS["convnext.safetensors"], tmp_path)
    assert build_model("small_convnext", weights=path, include_top=False).output_shape == (None, 64)


def test_the_map_of_the_patches_is_normalized_with_the_weights_of_the_file(tmp_path):
    path = state_dict(ANSWERS["reg4.safetensors"], tmp_path)
    maps = {
        data_format: build_model(
            "small_vit_reg4", (24, 40, 3), weights=path, include_top=False, pooling="none", data_format=data_format
        )(random_pixels((24, 40))).numpy()
        for data_format in DATA_FORMATS
    }
    assert maps["channels_last"].shape == (2, 3, 5, 128)
    np.testing.assert_allclose(maps["channels_first"], maps["channels_last"], atol=1e-4)


def test_a_file_with_other_patches_is_refused_and_both_sizes_are_named(tmp_path):
    entry = ANSWERS["vit.safetensors"]
    shapes = {**entry["shapes"], "patch_embed.proj.weight": [128, 3, 4, 4], "pos_embed": [1, 65, 128]}
    path = state_dict({**entry, "shapes": shapes}, tmp_path)
    with pytest.raises(ValueError, match=r"the file has patches of 4 pixels .*, the network of 8"):
        build_model("small_vit", weights=path)


@pytest.mark.parametrize("case", WRITTEN["interpolated"], ids=lambda case: f"{case['side']} to {case['grid']}")
def test_position_embeddings_are_interpolated_as_timm_does(case):
    embeddings, (height, width) = random_array("pos_embed", (1, 1 + case["side"] ** 2, 3)), case["grid"]
    layer = PositionEmbedding((height, width))
    layer.build((None, 1 + height * width, 3))
    np.testing.assert_allclose(for_grid(embeddings, layer)[0], case["embeddings"], atol=1e-5)


def test_an_earlier_model_of_another_image_size_is_interpolated_too(tmp_path):
    path = state_dict(ANSWERS["vit.safetensors"], tmp_path)
    build_model("small_vit", (32, 48, 3), ["cat", "dog"], weights=path).save(tmp_path / "model.keras")
    larger = build_model("small_vit", (56, 40, 3), ["cat", "dog"], weights=tmp_path / "model.keras")
    positions = larger.get_layer("positions").embeddings
    assert positions.shape == (1, 36, 128)
    assert float(np.abs(positions).max()) > 0.25  # not those of a new network, whose deviation is 0.02
