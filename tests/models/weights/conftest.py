"""Folders of weight files that are empty at the beginning of a test, and a hub to download from."""

import json
from pathlib import Path

import pytest

from tests.models.weights.hub import CONFIG, FILE, Hub, hub
from tests.models.weights.test_torch_answers import ANSWERS, state_dict

NAME = "convnext_tiny.small_in1k"
CONFIG_OF_TIMM = {
    "architecture": "convnext_tiny",
    "pretrained_cfg": {
        "mean": [0.5, 0.25, 0.5], "std": [0.2, 0.2, 0.1], "crop_pct": 0.95, "interpolation": "bicubic",
        "input_size": [3, 32, 32],
    },
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The folder of weight files; no other is looked into."""
    for name in ("IMGCLS_WEIGHTS", "HF_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    return tmp_path / "imgcls_weights"


@pytest.fixture
def on_hub(tmp_path, monkeypatch, folder) -> Hub:
    """A hub with weights for the network small_convnext."""
    with hub() as shown:
        monkeypatch.setenv("HF_ENDPOINT", shown.address)
        shown.files[f"timm/{NAME}/{FILE}"] = state_dict(ANSWERS["convnext.safetensors"], tmp_path).read_bytes()
        shown.files[f"timm/{NAME}/{CONFIG}"] = json.dumps(CONFIG_OF_TIMM).encode()
        yield shown
