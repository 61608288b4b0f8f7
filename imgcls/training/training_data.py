"""The images of a run, as the batches that its stages train on."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from imgcls.config import TrainConfig
from imgcls.data.augmentation import Augmentation
from imgcls.data.batches.balance import Balance, positive_weights
from imgcls.data.batches.examples import LabeledImages
from imgcls.data.batches.pipeline import BatchOptions, evaluation_batches, training_batches
from imgcls.data.batches.pixel_cache import cached
from imgcls.data.images.collection import Images
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest, indices_of, targets_of
from imgcls.training.kept_batches import KeptBatches
from imgcls.training.network import augmentation_layers, augmentation_rows
from imgcls.training.stage_batches import FeatureBatches, StageBatches, in_batches

CACHE_BYTES = 1 << 30  # validation pixels up to this size stay in memory


class TrainingData:
    """The images of a run, their labels, and the order in which they are trained on.

    Args:
        config: of the run, without "auto".
        manifest: its images; "train" and "validation" are read.
        batch_size: of the global batch.
        part: (index, count) of this worker among those that train together.

    Attributes:
        training: the rows of the training images.
        validation: the rows of the validation images.
        labels: (N,) class indices of the training images; (N, classes) bool where an image has any number of them.
        validation_labels: those of the validation images.
        balance: what is done about classes of different size.
        positive_weights: (classes,) of the binary losses; None: 1.
        order: from positions to examples.
        steps_per_epoch: number of batches.
    """

    def __init__(
        self, config: TrainConfig, manifest: Manifest, batch_size: int, part: tuple[int, int] = (0, 1)
    ) -> None:
        self.config, self.manifest, self.batch_size, self.part = config, manifest, batch_size, part
        self.class_names = manifest.class_names
        self.training, self.validation = manifest.split("train"), manifest.split("validation")
        self.labels, self.validation_labels = self._labels(self.training), self._labels(self.validation)
        self.steps_per_epoch = len(self.training) // batch_size
        self.balance, self.positive_weights = self._balance()
        self.order = self.balance.order(self.labels, config.training.seed)
        self._cached_images: Images | None = None

    def of_pixels(self, pixels: Preprocessing, color_covariance: np.ndarray) -> StageBatches:
        """The batches of a stage that trains on images.

        Args:
            pixels: how images become pixels.
            color_covariance: (channels, channels) of the training images' pixels.
        """
        boxes = self.manifest.boxes(self.training)
        examples = LabeledImages(self._images(pixels), self.labels, len(self.class_names), boxes)
        options = BatchOptions(
            self.batch_size,
            self.config.training.seed,
            order=self.order,
            augmentation=Augmentation(
                *augmentation_rows(self.config),
                color_covariance=color_covariance,
                layers=augmentation_layers(self.config),
            ),
            strong_classes=self.balance.strong_classes,
            class_weights=self.balance.class_weights,
            part=self.part,
            rounded=self.config.input.pixel_dtype == "uint8",
            data_service=self.config.training.data_service,
        )
        training = partial(training_batches, examples, pixels, options)
        return StageBatches(
            lambda position, steps: training(position=position, steps=steps),
            self._validation_pixels(pixels),
            self.validation_labels,
        )

    def of_features(self, views: list[np.ndarray], validation: np.ndarray) -> StageBatches:
        """The batches of a stage that trains the head on features.

        Args:
            views: (N, F) features of the training images, for each view.
            validation: (N, F) features of the validation images.
        """
        training = FeatureBatches(
            views,
            self.labels,
            len(self.class_names),
            self.order,
            self.balance.class_weights,
            self.batch_size,
            self.part,
        )
        return StageBatches(training, in_batches(validation), self.validation_labels)

    def _labels(self, rows: pd.DataFrame) -> np.ndarray:
        return targets_of(rows, self.class_names) if self.config.is_multi_label else indices_of(rows, self.class_names)

    def _balance(self) -> tuple[Balance, np.ndarray | None]:
        """What is done about classes of different size, and the weights of the binary losses."""
        if not self.config.is_multi_label:
            counts = np.bincount(self.labels, minlength=len(self.class_names))
            return Balance.from_config(self.config.balance, counts), None
        weighted = self.config.balance.balance == "weights"
        return Balance("none", self.labels.sum(axis=0)), positive_weights(self.labels) if weighted else None

    def _images(self, pixels: Preprocessing) -> Images:
        """The training images with their cache, which all stages share."""
        if self._cached_images is None:
            where = "none" if self.config.training.data_service else self.config.input.cache
            self._cached_images = cached(self.manifest, self.training, pixels, where)
        return self._cached_images

    def _validation_pixels(self, pixels: Preprocessing) -> Iterable[Any]:
        size = len(self.validation) * pixels.height * pixels.width * pixels.channels * 4
        batches = evaluation_batches(
            self.manifest.paths(self.validation),
            pixels,
            boxes=self.manifest.boxes(self.validation),
            batch_size=self.batch_size,
        )
        return KeptBatches(batches) if size <= CACHE_BYTES else batches
