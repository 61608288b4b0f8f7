"""Weights by the names of collections: which network may have which, their pixels, and where they are looked for."""

import hashlib
import json
import logging

import numpy as np
import pytest

from imgcls.models import build_model, find_architecture, list_models
from imgcls.models.classifier import preprocessing
from imgcls.models.weights import download, named
from imgcls.models.weights.initial import published_weights
from imgcls.models.weights.torchvision_table import WEIGHTS
from tests.models.weights.test_download import Handler, server  # noqa: F401  (a fixture)
from tests.models.weights.test_state_dict import NAMES, SHAPE, as_state_dict, randomized, write_safetensors

NETWORK, TIMM_NAME = "mobilenet_v2_035", "mobilenetv2_035.a_tag"
CONFIG = {
    "architecture": "mobilenetv2_035",
    "pretrained_cfg": {
        "input_size": [3, 192, 192],
        "interpolation": "bicubic",
        "crop_pct": 0.9,
        "mean": [0.5, 0.4, 0.3],
        "std": [0.25, 0.25, 0.5],
        "license": "apache-2.0",
    },
}


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    """(a file of timm's names, the model that it is of)."""
    path, model = tmp_path_factory.mktemp("weights") / "model.safetensors", randomized(NETWORK)
    write_safetensors(path, as_state_dict(model, 1))
    return path, model


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("IMGCLS_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def hub(server, weights_file, monkeypatch):  # noqa: F811
    """A server that has one repository of timm."""
    content, config = weights_file[0].read_bytes(), json.dumps(CONFIG).encode()

    def answer(self):
        place = self.path.removeprefix(f"/timm/{TIMM_NAME}/resolve/main/")
        if place == "config.json":
            self.answer(200, config, Etag='"8b1a9953"')
        elif place == "model.safetensors":
            self.answer(302, Location="/stored/file", X_Linked_Etag=f'"{hashlib.sha256(content).hexdigest()}"')
        else:
            self.answer(401)

    monkeypatch.setattr(Handler, "timm", answer, raising=False)
    monkeypatch.setattr(Handler, "stored", lambda self: self.answer(200, content))
    monkeypatch.setattr(named, "TIMM_ADDRESS", f"{server.address}/timm")
    return server


def test_a_network_starts_from_timms_weights_and_their_pixels(hub, weights_file, folder):
    for _ in range(2):
        model = build_model(NETWORK, SHAPE, NAMES, weights=f"timm:{TIMM_NAME}")
        for mine, theirs in zip(model.get_weights(), weights_file[1].get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert preprocessing(model)["interpolation"] == "bicubic"
    assert preprocessing(model)["crop_share"] == 0.9
    np.testing.assert_allclose(model.get_layer("standardization").mean, (127.5, 102, 76.5))
    np.testing.assert_allclose(model.get_layer("standardization").std, (63.75, 63.75, 127.5))
    assert len(hub.asked) == 3  # config, file, where it is stored: once
    assert {path.name for path in folder.iterdir()} == {f"{TIMM_NAME}.json", f"{TIMM_NAME}.safetensors"}
    assert published_weights(NETWORK, f"timm:{TIMM_NAME}").image_size == 192


def test_a_file_in_the_folder_needs_no_network(weights_file, folder, monkeypatch):
    monkeypatch.setattr(named, "TIMM_ADDRESS", "http://127.0.0.1:9/timm")
    with pytest.raises(ConnectionError, match=rf"{TIMM_NAME}/resolve/main/config\.json elsewhere .*{TIMM_NAME}\.json"):
        build_model(NETWORK, SHAPE, NAMES, weights=f"timm:{TIMM_NAME}")
    (folder / f"{TIMM_NAME}.json").write_text(json.dumps(CONFIG))
    (folder / f"{TIMM_NAME}.safetensors").write_bytes(weights_file[0].read_bytes())
    assert build_model(NETWORK, SHAPE, NAMES, weights=f"timm:{TIMM_NAME}").output_shape == (None, 3)


def test_weights_of_torchvision_come_with_the_row_of_their_table(folder, monkeypatch, weights_file):
    sources = []
    monkeypatch.setattr(named, "fetch", lambda source: sources.append(source) or weights_file[0])
    found = named.named_weights(find_architecture("resnet50_v1_5"), "torchvision:IMAGENET1K_V2")
    assert sources[0].address.endswith("/models/resnet50-11ad3fa6.pth")
    assert sources[0].sha256 == "11ad3fa6"
    assert sources[0].path == folder / "resnet50-11ad3fa6.pth"
    assert found.image_size == 224
    assert found.preprocessing == {"resize": "crop", "crop_share": 224 / 232, "interpolation": "bilinear"}
    np.testing.assert_allclose(found.std, (58.395, 57.12, 57.375))


def test_without_the_folder_they_are_kept_where_keras_keeps_its_own(monkeypatch, tmp_path):
    monkeypatch.delenv("IMGCLS_WEIGHTS", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert named.weights_folder() == tmp_path / "models" / "imgcls"


@pytest.mark.parametrize(
    ("name", "weights", "said"),
    [
        (
            "resnet50_v1_5",
            "timm:resnet101.a1_in1k",
            r"timm calls resnet50_v1_5 resnet50; 'resnet101\.a1",
        ),
        ("resnet50_v1_5", "timm:resnet50/../x", "is no name of its weights"),
        ("resnet50", "timm:resnet50.a1_in1k", r"timm has no resnet50 of this table"),
        ("resnet18", "torchvision:IMAGENET1K_V2", r"no weights 'IMAGENET1K_V2' of resnet18\. There are: .*_V1\."),
        ("resnet18", "imagenet", r"Others are called timm:resnet18\.a_tag or torchvision:IMAGENET1K_V1"),
    ],
)
def test_weights_that_there_are_not(name, weights, said):
    with pytest.raises(ValueError, match=said):
        published_weights(name, weights)


def test_a_name_that_timm_does_not_have(hub, folder):
    with pytest.raises(FileNotFoundError, match=r"mobilenetv2_035\.another"):
        published_weights(NETWORK, "timm:mobilenetv2_035.another")


def test_a_config_that_says_nothing_is_refused(folder, monkeypatch):
    folder.mkdir()
    (folder / f"{TIMM_NAME}.json").write_text("{}")
    (folder / f"{TIMM_NAME}.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="is no config of timm's weights"):
        published_weights(NETWORK, f"timm:{TIMM_NAME}")


def test_what_a_network_is_called_elsewhere_is_there():
    known = [name for name in list_models() if find_architecture(name).published_as]
    assert len(known) > 60
    for name in known:
        architecture = find_architecture(name)
        assert architecture.state_dicts, name
        assert set(architecture.published_as.get("torchvision", ())) <= set(WEIGHTS), name


def test_a_long_download_is_reported(hub, weights_file, folder, caplog, monkeypatch):
    monkeypatch.setattr(download, "LONG", 1_000_000)
    caplog.set_level(logging.INFO, "imgcls")
    published_weights(NETWORK, f"timm:{TIMM_NAME}")
    megabytes = weights_file[0].stat().st_size / 1e6
    assert [line for line in caplog.messages if line.startswith("Downloading http")]
    assert f"{megabytes:.0f} of {megabytes:.0f} MB." in caplog.messages
