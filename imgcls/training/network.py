"""The network of a run, built from its config and standardised with the pixels of its training images."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from imgcls.config import AugmentationConfig, NetworkConfig, TrainConfig
from imgcls.data.augmentation import from_preset
from imgcls.data.augmentation.layer_function import LayerFunction, layer_function
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.manifest.table import Manifest
from imgcls.layer_precision import layers_in
from imgcls.models import InputLayers, NetworkOptions, build_model, find_architecture
from imgcls.run_folder import RunFolder
from imgcls.training.whitening import make_whitening

RARE_CLASSES = "rare"  # the preset that they get where they are repeated
STATISTICS_IMAGES = 1000  # that mean and deviation of the pixels are measured on


def run_preprocessing(config: TrainConfig) -> Preprocessing:
    """What the config says about pixels; published weights change it."""
    size = config.input.image_size
    return Preprocessing(size, size, 1 if config.input.color == "grayscale" else 3, resize=config.input.resize)


def build_network(config: TrainConfig, class_names: Sequence[str], statistics: Mapping[str, list[Any]]) -> keras.Model:
    """The classifier of a resolved config. statistics: as `pixel_statistics` gives them."""
    network, prepared = config.network, run_preprocessing(config)
    shape = (prepared.height, prepared.width, prepared.channels)
    with layers_in(config.training.precision):
        return build_model(
            network.model,
            shape,
            class_names,
            weights=network.weights,
            init_from=earlier_model(network.init_from),
            input_layers=_input_layers(config, prepared, statistics),
            preprocessing=network.preprocessing,
            options=network_options(network),
            multi_label=config.is_multi_label,
        )


def network_options(network: NetworkConfig) -> NetworkOptions:
    """All options of the config; auxiliary heads only where the architecture has them."""
    options = NetworkOptions.from_config(network)
    has_heads = find_architecture(network.model).auxiliary_head is not None
    return replace(options, auxiliary_heads=options.auxiliary_heads and has_heads)


def _input_layers(config: TrainConfig, prepared: Preprocessing, statistics: Mapping[str, list[Any]]) -> InputLayers:
    shape = (prepared.height, prepared.width, prepared.channels)
    measured: dict[str, Any] = {name: statistics[name] for name in ("mean", "std")} if config.input.standardize else {}
    return InputLayers(preprocessing=prepared.to_dict(), whitening=make_whitening(config.input, shape), **measured)


def earlier_model(named: str | None) -> Path | None:
    """The .keras file that --init-from names, by itself or by its run folder.

    Raises FileNotFoundError if there is nothing, and ValueError if the folder is no run or has no model yet.
    """
    if named is None:
        return None
    path = Path(named)
    if not path.exists():
        raise FileNotFoundError(f"--init-from is {named!r}, and there is no such run folder or .keras file.")
    return RunFolder(path).require_model() if path.is_dir() else path


def run_statistics(config: TrainConfig, manifest: Manifest) -> dict[str, list[Any]]:
    """What a run measures of its pixels; no image is read where published weights and the augmentation need nothing."""
    prepared = run_preprocessing(config)
    is_known = config.network.weights == "imagenet" or find_architecture(config.network.model).is_foreign
    if not is_known or any(row.pca_color for row in augmentation_rows(config)):
        return pixel_statistics(manifest, prepared)
    return no_statistics(prepared)


def no_statistics(prepared: Preprocessing) -> dict[str, list[Any]]:
    """Those with which pixels stay as they are."""
    zeros = [0.0] * prepared.channels
    return {"mean": zeros, "std": [1.0] * prepared.channels, "covariance": [zeros] * prepared.channels}


def augmentation_rows(config: TrainConfig) -> list[AugmentationConfig]:
    """What the config says, and behind it what the rare classes of `--balance augment` get."""
    presets = (config.input.augmentation, *([RARE_CLASSES] if config.balance.balance == "augment" else []))
    return [from_preset(preset, config.augmentation) for preset in presets]


def augmentation_layers(config: TrainConfig) -> list[LayerFunction]:
    """The layers of other packages that the config names, in their order."""
    return [layer_function(text) for text in config.input.augmentation_layers]


def pixel_statistics(manifest: Manifest, prepared: Preprocessing) -> dict[str, list[Any]]:
    """Mean, deviation and covariance of the channels over up to 1,000 training images, evenly drawn."""
    rows = manifest.split("train")
    rows = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, STATISTICS_IMAGES).astype(int))]
    sums, products, count = np.zeros(prepared.channels), np.zeros((prepared.channels, prepared.channels)), 0
    for outcome in read_images(manifest.paths(rows), prepared, manifest.boxes(rows)):
        if outcome.result is not None:
            flat = outcome.result.reshape(-1, prepared.channels).astype(np.float64)
            sums, products, count = sums + flat.sum(0), products + flat.T @ flat, count + len(flat)
    mean = sums / count
    covariance = products / count - np.outer(mean, mean)
    std = np.sqrt(np.maximum(np.diag(covariance), 1.0))  # at least one gray level, for images of one colour
    return {"mean": mean.tolist(), "std": std.tolist(), "covariance": covariance.tolist()}
