"""Whitening as a part of the model, from the flag to the report."""

import dataclasses

import numpy as np
import pytest

from imgcls.config import InputConfig, NetworkConfig, TrainConfig
from imgcls.data.images.reading import read_images
from imgcls.data.manifest.table import Manifest
from imgcls.models import load_model
from imgcls.run_folder import RunFolder
from imgcls.training.auto_settings import resolve
from imgcls.training.network import build_network, run_preprocessing


@pytest.mark.slow
def test_a_whitened_run_learns_from_the_training_split_alone_and_its_report_shows_it(small_data, tmp_path, command):
    flags = ("--whitening", "zca", "--model", "lenet5", "--image-size", 32, "--epochs", 1, "--batch-size", 16)
    result = command("train", "--data", small_data, "--runs", tmp_path, "--name", "white", *flags)
    assert result.code == 0, result.err
    assert "--whitening zca: of whole images" in result.out
    run = RunFolder(tmp_path / "white")
    page = run.report_file.read_text()
    assert page.count('alt="after whitening"') == 12

    model = load_model(run.model_file)
    layer, standardization = model.get_layer("whitening"), model.get_layer("standardization")
    manifest = Manifest.load(run.manifest_file)
    outcomes = read_images(manifest.paths(manifest.split("train")), run_preprocessing(run.config))
    pixels = np.stack([outcome.result for outcome in outcomes])
    vectors = np.asarray(standardization(pixels)).reshape(len(pixels), -1)
    assert np.allclose(layer.mean_, vectors.mean(axis=0), atol=1e-4)
    expected = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False) ** 2 / (len(vectors) - 1)
    assert np.allclose(layer.explained_variance_[:50], expected[:50], rtol=1e-3)
    exported = command("export", run.path, "--output", tmp_path / "bundles")
    assert exported.code == 0, exported.err


def test_pixels_are_only_centred_and_scaled_where_that_is_asked_for(tiny_run):
    config = dataclasses.replace(
        tiny_run.config, input=InputConfig(image_size=28, color="grayscale", standardize=False)
    )
    standardization = build_network(config, ["a", "b"], {"mean": [1.0], "std": [2.0]}).get_layer("standardization")
    assert (standardization.mean, standardization.std) == ([127.5], [127.5])


def test_whitening_does_not_go_with_weights_that_know_other_pixels(tiny_run):
    manifest = Manifest.load(tiny_run.manifest_file)
    config = dataclasses.replace(
        TrainConfig(),
        input=InputConfig(whitening="pca"),
        network=NetworkConfig(model="efficientnet_lite0", weights="imagenet"),
    )
    with pytest.raises(ValueError, match="--whitening pca changes the pixels that the weights imagenet know"):
        resolve(config, manifest)
    with pytest.raises(ValueError, match="--whitening-epsilon goes with --whitening pca or zca"):
        InputConfig(whitening_epsilon=0.1)
