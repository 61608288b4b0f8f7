"""The network of a run, built from its config and standardised with the pixels of its training images."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from imgcls.config import TrainConfig
from imgcls.data.manifest import Manifest
from imgcls.data.preprocessing import Preprocessing
from imgcls.data.reading import read_images
from imgcls.models import build_model, find_architecture
from imgcls.training.precision import layers_in

STATISTICS_IMAGES = 1000  # that mean and deviation of the pixels are measured on


def build_network(config: TrainConfig, manifest: Manifest, standardization: dict | None = None) -> keras.Model:
    """The classifier of a resolved config. standardization: mean and std of the pixels, where they are known."""
    inputs, network = config.input, config.network
    shape = (inputs.image_size, inputs.image_size, 1 if inputs.color == "grey" else 3)
    prepared = Preprocessing(*shape, resize=inputs.resize)
    if standardization is None:
        rows = manifest.split("train")
        standardization = pixel_statistics(manifest.paths(rows), manifest.boxes(rows), prepared)
    with layers_in(config.training.precision):
        return build_model(
            network.model,
            shape,
            manifest.class_names,
            weights=network.weights,
            init_from=network.init_from,
            data_format=network.data_format,
            activation=network.activation,
            normalization=network.normalization,
            pooling=network.pooling,
            initializer=network.initializer,
            regularizer=network.regularizer,
            regularizer_strength=network.regularizer_strength,
            dropout=network.dropout,
            stochastic_depth=network.stochastic_depth,
            auxiliary_heads=network.auxiliary_heads and find_architecture(network.model).auxiliary_head is not None,
            preprocessing=prepared.to_dict(),
            **standardization,
        )


def pixel_statistics(
    paths: Sequence[Path], boxes: np.ndarray | None, prepared: Preprocessing
) -> dict[str, list[float]]:
    """Mean and deviation of each channel over up to 1,000 training images, evenly drawn."""
    places = np.unique(np.linspace(0, len(paths) - 1, STATISTICS_IMAGES).astype(int))
    sums, squares, count = 0.0, 0.0, 0
    for outcome in read_images([paths[i] for i in places], prepared, None if boxes is None else boxes[places]):
        if outcome.result is not None:
            flat = outcome.result.reshape(-1, prepared.channels).astype(np.float64)
            sums, squares, count = sums + flat.sum(0), squares + (flat**2).sum(0), count + len(flat)
    mean = sums / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 1.0))  # at least one grey level, for images of one colour
    return {"mean": mean.tolist(), "std": std.tolist()}
