"""The features of a run's images, as its frozen backbone computes them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np

from imgcls.config import TrainConfig
from imgcls.data.augmentation import NONE, from_preset
from imgcls.training.network import build_network
from imgcls.training.training_data import TrainingData
from imgcls.training.transfer.features import FeatureCache
from imgcls.training.transfer.plan import feature_cache, images

DEVIATION = 0.2  # of the features of all depths, near that of an embedding, for which the learning rates are made
LEAST_VARIANCE = 0.01  # of the features' mean variance, so that a feature that is hardly ever active is not blown up


class FrozenFeatures:
    """The features of a run's images, in float32 whatever the run computes in.

    Args:
        config: of the run.
        model: its classifier, with a head on the embedding.
        statistics: of the pixels, as `imgcls.training.network.run_statistics` gives them.
        data: the images.
        on_progress: receives what is computed, of how many images it is done, and of how many it is to be.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: keras.Model,
        statistics: dict[str, Any],
        data: TrainingData,
        on_progress: Callable[[str, int, int], None],
    ) -> None:
        self.config, self.model, self.statistics = config, model, statistics
        self.data, self.on_progress = data, on_progress
        self.training = images(data.manifest, data.training)
        self.validation = images(data.manifest, data.validation)

    @cached_property
    def _cache(self) -> tuple[FeatureCache, dict[str, slice]]:
        config = replace(self.config, training=replace(self.config.training, precision="float32"))
        same = self.config.training.precision == "float32"
        network = self.model if same else build_network(config, self.data.class_names, self.statistics)
        return feature_cache(config, network, self.statistics)

    @property
    def view_count(self) -> int:
        """How many views of each training image there are; one where nothing is augmented."""
        inputs = self.config.input
        changed = from_preset(inputs.augmentation, self.config.augmentation) != NONE or inputs.augmentation_layers
        return self.config.training.feature_views if changed else 1

    def of_splits(self) -> tuple[list[np.ndarray], np.ndarray]:
        """Compute what the head sees.

        Returns:
            The features of the training images, (N, F) for each view, and those of the validation images. A row of
            NaN is an image that could not be read.
        """
        cache, places = self._cache
        wanted = slice(None) if self.config.network.plan == "features" else places["embedding"]
        every = [(self.training + self.validation, 0), *((self.training, n) for n in range(1, self.view_count))]
        values: list[np.ndarray] = []
        total = sum(len(some.paths) for some, _ in every)
        for some, view in every:
            progress = partial(self._report, sum(map(len, values)), total)
            values.append(cache.features(some, view, progress)[:, wanted])
        plain, validation = np.split(values[0], [len(self.training.paths)])
        return [plain, *values[1:]], validation

    def depth_statistics(self) -> dict[str, list[float]]:
        """Mean and variance of the features of all depths over the training images, each a list of F numbers."""
        cache, _ = self._cache
        features = cache.features(self.training, on_progress=partial(self._report, 0, len(self.training.paths)))
        features = features[np.isfinite(features).all(axis=1)].astype(np.float64)
        variance = features.var(0)
        variance = np.maximum(variance, LEAST_VARIANCE * variance.mean()) / DEVIATION**2
        return {"mean": features.mean(0).tolist(), "variance": variance.tolist()}

    def _report(self, before: int, total: int, done: int, of_these: int | None = None) -> None:
        self.on_progress("Computing features", before + done, total)
