"""A feature cache on a disk that fails."""

import re
from pathlib import Path

import numpy as np
import pytest

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.models import build_model
from imgcls.training.transfer import features
from imgcls.training.transfer.features import FeatureCache, ImageSet, depth_features
from tests.conftest import SAMPLE


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    body, _ = depth_features(build_model("lenet5", (32, 32, 1), num_classes=3))
    return FeatureCache(tmp_path_factory.mktemp("cache"), body, Preprocessing(32, 32, 1), facts={})


@pytest.fixture
def cache(made_once, tmp_path):
    """In a folder of its own; what computes the features is made once."""
    made_once.folder = tmp_path / "features"
    return made_once


@pytest.fixture
def images():
    paths = sorted((SAMPLE / "test" / "bag").iterdir())[:6]
    return ImageSet(paths, [path.name * 4 for path in paths])


def cut_off(content: bytes) -> bytes:
    return content[: len(content) // 2]


def other_number(content: bytes) -> bytes:
    place = len(content) * 3 // 4
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def narrower(content: bytes) -> bytes:
    """Another shape in the array's header, which the checksum of the archive's members does not see."""
    return re.sub(rb"\(4, \d+\)", lambda found: b"(4, " + b"7)".rjust(len(found[0]) - 4), content)


def largest(folder: Path) -> Path:
    return max(folder.rglob("*.npz"), key=lambda file: file.stat().st_size)


def test_a_damaged_file_is_reported_removed_and_made_anew(cache, images, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(features, "CHUNK", 4)  # images a file
    whole = cache.features(images)
    for damage in (cut_off, other_number, narrower, lambda content: b""):
        file = largest(tmp_path)
        content = file.read_bytes()
        file.write_bytes(damage(content))
        assert file.read_bytes() != content
        caplog.clear()
        assert np.allclose(cache.features(images), whole, atol=1e-5)
        assert caplog.messages == [f"{file} is damaged, and is removed; its features are computed anew."]
        caplog.clear()
        assert np.allclose(cache.features(images), whole, atol=1e-5)
        assert caplog.messages == []


def test_a_cache_that_cannot_be_written_costs_only_the_cache(cache, images, tmp_path, caplog):
    cache.folder = tmp_path / "file" / "features"
    (tmp_path / "file").touch()
    assert np.isfinite(cache.features(images)).all()
    assert any(line.startswith(f"The features are not kept: {tmp_path / 'file'}") for line in caplog.messages)
