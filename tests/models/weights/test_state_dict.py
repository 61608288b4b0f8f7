"""State dicts under other projects' names: what fits, what does not, and that nothing is changed before all fits.

Against real networks of timm the outputs were compared once by hand; here the arrays are those of a network of ours, so
that the tests need no PyTorch.
"""

import hashlib
import json
import logging
from pathlib import Path

import keras
import numpy as np
import pytest

from imgcls.framework_internals import producer
from imgcls.models import build_model, find_architecture
from imgcls.models.classifier import logits_model
from imgcls.models.weights.state_dict import VARIABLES, load_state_dict, read_state_dict

SHAPE = (33, 35, 3)
NAMES = ["a", "b", "c"]
THEIRS = json.loads((Path(__file__).parent / "files" / "torch_names.json").read_text("utf-8"))


def write_safetensors(path, arrays: dict) -> None:
    table, offset = {}, 0
    for name, array in arrays.items():
        table[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    head = json.dumps(table).encode()
    numbers = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    path.write_bytes(len(head).to_bytes(8, "little") + head + numbers)


def as_state_dict(model: keras.Model, dialect: int) -> dict[str, np.ndarray]:
    """The weights of a model of ours in the order and under the names of a PyTorch project."""
    names = find_architecture(model.name).state_dicts[dialect]
    arrays = {}
    for layer in model.layers:
        if not layer.weights:
            continue
        places = names.layer(layer.name)
        places = (places,) if isinstance(places, str) else places
        for i, variable in enumerate(layer.weights):
            kind = next(kind for kind in VARIABLES if variable.name.endswith(kind))
            place = places[i * len(places) // len(layer.weights)]
            arrays[f"{place}.{VARIABLES[kind]}"] = in_torch_order(variable.numpy(), layer)
    return arrays


def in_torch_order(array: np.ndarray, layer) -> np.ndarray:
    if array.ndim == 4:
        return array.transpose((2, 3, 0, 1) if isinstance(layer, keras.layers.DepthwiseConv2D) else (3, 2, 0, 1))
    if array.ndim == 2 and layer.name in ("fc1_dense", "fc6_dense"):
        height, width, channels = producer(layer.input)[0].input.shape[1:]
        return array.T.reshape(-1, height, width, channels).transpose(0, 3, 1, 2).reshape(array.shape[::-1])
    return array.T


def randomized(name: str, **options) -> keras.Model:
    model = build_model(name, SHAPE, NAMES, **options)
    rng = np.random.default_rng(0)
    for variable in model.weights:
        if len(variable.shape) == 1:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    return model


@pytest.fixture
def resnet_file(tmp_path):
    path = tmp_path / "resnet18.safetensors"
    arrays = as_state_dict(randomized("resnet18"), 0)
    write_safetensors(path, arrays)
    return path, arrays


EVERY_RUN = ("resnet18", "shufflenet_v2_050")
CASES = [(n, i) for n in (*EVERY_RUN, "densenet121", "efficientnet_b0", "efficientnet_lite0", "efficientnet_v2_b0",
                          "efficientnet_v2_s", "mobilenet_v2_035", "mobilenet_v4_conv_small",
                          "mobilenet_v4_conv_medium")
         for i in range(len(find_architecture(n).state_dicts))]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "dialect"),
    [c if c[0] in EVERY_RUN else pytest.param(*c, marks=pytest.mark.slow) for c in CASES],
)
@pytest.mark.thorough
def test_every_dialect_is_known_and_fills_every_weight(name, dialect, tmp_path, caplog):
    names = find_architecture(name).state_dicts[dialect]
    source = randomized(name)
    path = tmp_path / f"{names.file_mark}{name}.safetensors"
    write_safetensors(path, as_state_dict(source, dialect))
    state = read_state_dict(find_architecture(name), path)
    assert state.names.wiring == names.wiring
    caplog.set_level(logging.INFO, "imgcls")
    for data_format in ("channels_last", "channels_first"):
        ours = build_model(name, SHAPE, NAMES, weights=path, data_format=data_format)
        for mine, theirs in zip(ours.get_weights(), source.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert caplog.messages[0].endswith("arrays matched, 0 missed, 0 left over.")


def test_of_a_published_squeezenet_only_the_features_are_taken(tmp_path, caplog):
    """Its classifier has a ReLU before the average, which is not here."""
    source, path = randomized("squeezenet_1_1"), tmp_path / "squeezenet1_1.safetensors"
    write_safetensors(path, as_state_dict(source, 0))
    caplog.set_level(logging.INFO, "imgcls")
    ours = build_model("squeezenet_1_1", SHAPE, NAMES, weights=path)
    assert caplog.messages[0].endswith("arrays matched, 2 missed, 0 left over.")
    for mine, theirs in zip(ours.get_weights()[:-2], source.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    with pytest.raises(ValueError, match="give class_names or num_classes"):
        build_model("squeezenet_1_1", weights=path)


def theirs_and_ours() -> list:
    """(project and its network, our network), as test parameters."""
    return [
        pytest.param(theirs, ours, marks=() if ours in (*EVERY_RUN, "squeezenet_1_1") else pytest.mark.slow)
        for theirs, (ours, *_) in THEIRS.items()
    ]


@pytest.mark.parametrize(("theirs", "name"), theirs_and_ours())
def test_names_and_sizes_are_those_of_the_project(theirs, name):
    """torch_names.json: of each of their networks without its head, the number of arrays and a digest of all names."""
    project = theirs.partition(":")[0]
    dialects = [names.project.partition(",")[0] for names in find_architecture(name).state_dicts]
    dialect = dialects.index(project)
    arrays = as_state_dict(build_model(name, SHAPE, NAMES), dialect)
    head = find_architecture(name).state_dicts[dialect].layer("logits")
    lines = sorted(f"{place} {array.size}" for place, array in arrays.items() if place.rpartition(".")[0] != head)
    assert [name, len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()] == THEIRS[theirs]
    keras.backend.clear_session()


def test_dense_layers_after_a_map_read_it_in_the_other_order(tmp_path):
    path = tmp_path / "alexnet.safetensors"
    source = build_model("alexnet_2014", (99, 131, 3), NAMES)
    write_safetensors(path, as_state_dict(source, 0))
    ours = build_model("alexnet_2014", (99, 131, 3), NAMES, weights=path)
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 99, 131, 3))
    for mine, theirs in zip(ours.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert logits_model(ours)(pixels).shape == (1, 3)


@pytest.mark.slow
def test_a_bias_before_a_normalisation_is_folded_into_it(tmp_path):
    source = randomized("vgg11", normalization="batch")
    arrays = as_state_dict(source, 1)
    rng = np.random.default_rng(1)
    for name in [n for n in arrays if n.endswith("running_mean")]:
        number = int(name.split(".")[1])
        bias = rng.uniform(-1, 1, arrays[name].shape).astype("float32")
        arrays[name] = arrays[name] + bias
        arrays[f"features.{number - 1}.bias"] = bias
    write_safetensors(tmp_path / "vgg11_bn.safetensors", arrays)
    ours = build_model("vgg11", SHAPE, NAMES, weights=tmp_path / "vgg11_bn.safetensors")
    for mine, theirs in zip(ours.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_another_number_of_classes_leaves_the_head_random(resnet_file, caplog):
    path, _ = resnet_file
    caplog.set_level(logging.INFO, "imgcls")
    ours = build_model("resnet18", SHAPE, ["yes", "no"], weights=path)
    assert ours.output_shape == (None, 2)
    sentence = "resnet18.safetensors (torchvision, timm): 100 arrays matched, 2 missed, 2 left over."
    assert sentence in caplog.messages


def test_what_is_missing_and_left_over_is_named_and_nothing_is_changed(resnet_file):
    path, arrays = resnet_file
    arrays["layer2.9.conv1.weight"] = arrays.pop("layer2.0.conv1.weight")
    write_safetensors(path, arrays)
    model = build_model("resnet18", SHAPE, NAMES)
    before = model.get_weights()
    state = read_state_dict(find_architecture("resnet18"), path)
    with pytest.raises(ValueError, match=r"Missing in the file: stage2_block1_1_conv/kernel\. Left over .*layer2\.9"):
        load_state_dict(model, state)
    for mine, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_another_network_is_refused(resnet_file):
    path, _ = resnet_file
    with pytest.raises(ValueError, match="is not a densenet121"):
        build_model("densenet121", SHAPE, NAMES, weights=path)
    with pytest.raises(ValueError, match=r"does not fit resnet34\. Missing in the file: stage1_block3"):
        build_model("resnet34", SHAPE, NAMES, weights=path)


def test_the_form_with_another_stride_takes_no_state_dict(resnet_file):
    with pytest.raises(ValueError, match=r"of this table\. They have resnet50_v1_5\.$"):
        build_model("resnet50", SHAPE, NAMES, weights=resnet_file[0])


def test_gray_images_are_refused_with_what_to_do(resnet_file):
    with pytest.raises(ValueError, match="expect images of 3 channels, not 1; use --color rgb"):
        build_model("resnet18", (32, 32, 1), NAMES, weights=resnet_file[0])


def test_a_file_with_numbers_that_are_not_finite_is_refused_with_their_names(resnet_file):
    path, arrays = resnet_file
    arrays["layer1.0.bn1.weight"] = np.full_like(arrays["layer1.0.bn1.weight"], np.nan)
    write_safetensors(path, arrays)
    with pytest.raises(ValueError, match=r"not finite in layer1\.0\.bn1\.weight\. Download it again"):
        build_model("resnet18", SHAPE, NAMES, weights=path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="No weight file"):
        build_model("resnet18", SHAPE, NAMES, weights=tmp_path / "resnet18.pth")
