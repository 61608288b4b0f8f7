"""The course of one run: its network, its stages, and what each of them trains, at which rates, on what."""

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cached_property, partial

import keras
import numpy as np

from imgcls.config import TrainConfig
from imgcls.data.augmentation import NONE, Augmentation, from_preset
from imgcls.data.batches.balance import Balance
from imgcls.data.batches.pipeline import evaluation_batches, training_batches
from imgcls.data.batches.pixel_cache import cached
from imgcls.data.images.collection import Images
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest
from imgcls.framework_internals import variable_index
from imgcls.models.classifier import preprocessing
from imgcls.training.continuation import lengthened, stages_of
from imgcls.training.loop import Loop
from imgcls.training.network import augmentation_rows, build_network, run_preprocessing, run_statistics
from imgcls.training.schedules import Schedule
from imgcls.training.stage_batches import Source, feature_batches, in_batches
from imgcls.training.transfer.features import FeatureCache
from imgcls.training.transfer.head import head_examples, head_folds, why_not_fitted
from imgcls.training.transfer.logistic_regression import Examples
from imgcls.training.transfer.plan import (
    SMALL_BATCH,
    Stage,
    body_blocks,
    feature_cache,
    head_part,
    images,
    stages,
    unfreeze,
    update_scales,
    with_all_depths,
)
from imgcls.training.whitening import learn_whitening

CACHE_BYTES = 1 << 30  # validation pixels up to this size stay in memory
DEVIATION = 0.2  # of the features of all depths, near that of an embedding, for which the learning rates are made
LEAST_VARIANCE = 0.01  # of the features' mean variance; a feature that hardly ever speaks does not get to shout


class Course:
    """What a resolved config makes of a manifest.

    Built under the scope of the run's strategy. part: (index, count) of this worker among those that train together.
    measured: what an earlier start of the run measured on its images.
    say: gets a sentence about each stage. on_progress: gets what is being done, how much of it is, and of how much.
    """

    def __init__(
        self,
        config: TrainConfig,
        manifest: Manifest,
        *,
        batch_size: int,
        devices: int,
        part: tuple[int, int] = (0, 1),
        measured: dict | None = None,
        say: Callable[[str], None] = lambda line: None,
        on_progress: Callable[[str, int, int], None] = lambda what, done, total: None,
    ):
        self.config, self.manifest, self.batch_size, self.say = config, manifest, batch_size, say
        self.on_progress = on_progress
        self.part = part
        self.names = manifest.class_names
        self.training, self.validation = manifest.split("train"), manifest.split("validation")
        self.labels = self._labels(self.training)
        self.steps_per_epoch = len(self.training) // batch_size
        measured = measured or {}
        self.statistics = measured.get("statistics") or run_statistics(config, manifest)
        self.measured = {name: measured[name] for name in ("head",) if name in measured}
        self.measured["statistics"] = self.statistics
        self.balance = Balance.from_config(config.balance, np.bincount(self.labels, minlength=len(self.names)))
        self.order = self.balance.order(self.labels, config.training.seed)
        self.model = build_network(config, self.names, self.statistics)
        if config.input.whitening != "none" and not measured:  # a run that goes on has it among its weights
            learn_whitening(self.model, manifest, run_preprocessing(config))
        if config.network.plan == "features":
            self._look_at_all_depths(measured.get("depths"))
        self.body = body_blocks(self.model)
        self.keep_statistics = config.network.plan != "scratch" and batch_size // devices < SMALL_BATCH
        self.fits_head = config.network.plan != "scratch" and not why_not_fitted(config)
        planned = stages(
            config.network.plan, config.training.epochs, len(self.body), config.network.unfreeze, self.fits_head
        )
        self.stages = lengthened(stages_of(measured) or planned, config.training.epochs)
        self.measured["stages"] = [asdict(stage) for stage in self.stages]
        self.schedule = Schedule(
            config.training.schedule,
            config.training.learning_rate,
            self.steps or self.steps_per_epoch * config.training.epochs,
            round(config.training.warmup_epochs * self.steps_per_epoch),
        )
        self.joined: dict[int, int] = {}
        self.trained: list[keras.Variable] = []
        for stage in self.stages:
            self._free(stage)
            fresh = [weight for weight in self.model.trainable_variables if id(weight) not in self.joined]
            self.joined.update({id(weight): stage.first_epoch * self.steps_per_epoch for weight in fresh})
            self.trained += fresh
        self._note_new_end(measured)

    def _note_new_end(self, measured: dict) -> None:
        """Say it where the run's end was moved since its last checkpoint, and have patience anew from there."""
        self.patient_from = measured.get("patient_from", 0)
        before, now = stages_of(measured)[-1:], self.stages[-1]
        if before and before[0].last_epoch != now.last_epoch:
            self.patient_from = measured["step"] // self.steps_per_epoch
            self.set_rate(now, self.config.training.learning_rate)
            self.say(
                f"The run goes on after epoch {self.patient_from}, from its last checkpoint, and ends with epoch "
                f"{now.last_epoch} in place of {before[0].last_epoch}. The learning rate takes the course that it has "
                f"in a run of this length, and stands at {float(self.schedule(measured['step'])):.2g}."
            )
        self.measured["patient_from"] = self.patient_from

    @property
    def fixed(self) -> set[int]:
        """The weights, by id, that no stage changes."""
        self._free(self.stages[-1])
        changed = {id(weight) for layer in self.model.layers if layer.trainable for weight in layer.weights}
        return {id(weight) for weight in self.model.weights} - changed - set(self.joined)

    @property
    def steps(self) -> int:
        """Of the whole run."""
        return self.stages[-1].last_epoch * self.steps_per_epoch

    def awaits_head(self, step: int) -> bool:
        """Whether, at this step, the head has yet to be fitted."""
        return self.fits_head and step == 0 and "head" not in self.measured

    def stage_at(self, step: int) -> Stage | None:
        """The stage that the next step is in; None after the last one."""
        epoch = step // self.steps_per_epoch
        return next((stage for stage in self.stages if epoch < stage.last_epoch), None)

    def enter(self, stage: Stage, loop: Loop) -> Source:
        """Set layers, rates and the loop's step to `stage`, and open its batches."""
        training = self.config.training
        self._free(stage)
        self.set_rate(stage, training.learning_rate)
        given = self.config.network.plan != "scratch"
        scales = update_scales(
            self.model, self.body, stage, training.backbone_learning_rate_factor, training.layer_decay
        )
        index = partial(variable_index, loop.optimizer)
        loop.optimizer.scale_updates(
            {index(weight): scale for weight, scale in scales} if given else {},
            {index(weight): self.joined[id(weight)] for weight in self.trained},
        )
        loop.begin_stage(head_part(self.model) if stage.on_features else None)
        if len(self.stages) > 1 or given:
            trained = sum(int(np.prod(weight.shape)) for weight in self.model.trainable_variables)
            what = "the head" if stage.on_features else f"the head and {stage.blocks} of {len(self.body)} blocks"
            self.say(f"Epochs {stage.first_epoch + 1} to {stage.last_epoch} train {what}: {trained:,} numbers.")
        if stage.on_features:
            self.say(f"It is not fitted to its optimum at once, because of {why_not_fitted(self.config)}.")
        return self._features() if stage.on_features else self._pixels()

    def set_rate(self, stage: Stage, learning_rate: float) -> None:
        first, last = stage.first_epoch * self.steps_per_epoch, stage.last_epoch * self.steps_per_epoch
        self.schedule.begin_stage(first, last - first, learning_rate)

    def _free(self, stage: Stage) -> None:
        unfreeze(self.model, self.body, stage, self.keep_statistics)

    def _labels(self, rows) -> np.ndarray:
        return np.array([self.names.index(label) for label in rows["label"]])

    def _augmentation(self) -> Augmentation:
        rows, covariance = augmentation_rows(self.config), np.array(self.statistics["covariance"])
        return Augmentation(*rows, color_covariance=covariance)

    def _pixels(self) -> Source:
        pixels = Preprocessing(**preprocessing(self.model))
        size = len(self.validation) * pixels.height * pixels.width * pixels.channels * 4
        validation = evaluation_batches(
            self.manifest.paths(self.validation),
            pixels,
            boxes=self.manifest.boxes(self.validation),
            batch_size=self.batch_size,
            cache=size <= CACHE_BYTES,
        )
        training = partial(
            training_batches,
            self._images,
            self.labels,
            pixels,
            num_classes=len(self.names),
            boxes=self.manifest.boxes(self.training),
            batch_size=self.batch_size,
            seed=self.config.training.seed,
            order=self.order,
            augmentation=self._augmentation(),
            strong_classes=self.balance.strong_classes,
            class_weights=self.balance.class_weights,
            part=self.part,
            data_service=self.config.training.data_service,
        )
        return Source(
            lambda position, steps: training(position=position, steps=steps), validation, self._labels(self.validation)
        )

    @cached_property
    def _images(self) -> Images:
        pixels = Preprocessing(**preprocessing(self.model))
        where = "none" if self.config.training.data_service else self.config.input.cache
        return cached(self.manifest, self.training, pixels, where, self.say)

    def features(self) -> tuple[list[np.ndarray], np.ndarray]:
        """What the head sees of the training images, (N, F) for each view, and of the validation images."""
        cache, places = self._cache
        wanted = slice(None) if self.config.network.plan == "features" else places["embedding"]
        changed = from_preset(self.config.input.augmentation, self.config.augmentation) != NONE
        kinds = self.config.training.feature_views if changed else 1
        training, validation = images(self.manifest, self.training), images(self.manifest, self.validation)
        every = [(training + validation, 0), *((training, view) for view in range(1, kinds))]
        total, values = sum(len(some.paths) for some, _ in every), []
        for some, view in every:
            before = sum(map(len, values))
            progress = partial(self._features_done, before, total)
            values.append(cache.features(some, view, progress)[:, wanted])
        plain, validation = np.split(values[0], [len(self.training)])
        return [plain, *values[1:]], validation

    def _features_done(self, before: int, total: int, done: int) -> None:
        self.on_progress("Computing features", before + done, total)

    def examples(self, views: list[np.ndarray]) -> Examples:
        """What the head is fitted on. views: as `features` gives them."""
        folds = head_folds(self.manifest, self.config.training.seed)
        return head_examples(views, self.labels, folds, self.balance, self.config.training.label_smoothing)

    def judge_features(self, features: np.ndarray, loop: Loop) -> dict[str, float]:
        """Validation metrics of the head as it is. features: of the validation images, as `features` gives them."""
        self._free(self.stages[0])
        loop.begin_stage(head_part(self.model))
        return Source(None, in_batches(features), self._labels(self.validation)).judge(loop)

    def _features(self) -> Source:
        views, validation = self.features()
        return Source(
            lambda position, steps: feature_batches(
                views,
                self.labels,
                self.order,
                num_classes=len(self.names),
                class_weights=self.balance.class_weights,
                batch_size=self.batch_size,
                steps=steps,
                position=position,
                part=self.part,
            ),
            in_batches(validation),
            self._labels(self.validation),
        )

    @cached_property
    def _cache(self) -> tuple[FeatureCache, dict[str, slice]]:
        """The cache of the frozen network in float32, whatever the run computes in."""
        training = replace(self.config.training, precision="float32")
        config = replace(self.config, training=training)
        same = self.config.training.precision == "float32"
        network = self.model if same else build_network(config, self.names, self.statistics)
        return feature_cache(config, network, self.statistics, self.say)

    def _look_at_all_depths(self, known: dict | None) -> None:
        if known is None:
            cache, _ = self._cache
            progress = partial(self._features_done, 0, len(self.training))
            features = cache.features(images(self.manifest, self.training), on_progress=progress)
            features = features[np.isfinite(features).all(axis=1)].astype(np.float64)
            variance = features.var(0)
            variance = np.maximum(variance, LEAST_VARIANCE * variance.mean()) / DEVIATION**2
            known = {"mean": features.mean(0).tolist(), "variance": variance.tolist()}
        self.measured["depths"] = known
        self.model = with_all_depths(self.model, np.array(known["mean"]), np.array(known["variance"]))
