"""What is trained of a network that starts from given weights, chosen from what the features of the data can do.

The four cases, by how many images there are and how much the task is like that of the weights:

|      | alike                         | unlike                                       |
|------|-------------------------------|----------------------------------------------|
| few  | a new head                    | a head on the features of all depths         |
| many | the last blocks and the head  | everything, the first blocks the least       |

Yosinski et al., How Transferable Are Features in Deep Neural Networks, 2014.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np

from imgcls.config import TrainConfig
from imgcls.data.augmentation import Augmentation, settings
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest
from imgcls.layers import ClassProbabilities
from imgcls.models.classifier import preprocessing
from imgcls.training.transfer.blocks import Block, blocks
from imgcls.training.transfer.features import FOLDER, FeatureCache, ImageSet, depth_features
from imgcls.training.transfer.probe import Probe, drawn, probe

MANY = 100  # images a class, on average, from which fine-tuning has something to learn from
SOLVED = 0.995  # accuracy of a linear classifier from which nothing is left to gain
SMALL_BATCH = 32  # images a device; below, batch normalisation keeps the statistics of the given weights
ON_FEATURES = ("head", "features")  # plans that train nothing but the head
SHARES = {  # of the epochs: head, unless it is fitted, last blocks, everything
    "head": (1.0, 0.0, 0.0),
    "features": (1.0, 0.0, 0.0),
    "last_blocks": (0.3, 0.7, 0.0),
    "all": (0.2, 0.3, 0.5),
    "scratch": (0.0, 0.0, 1.0),
}
STAGES = ("head", "last_blocks", "all")


@dataclass(frozen=True)
class Choice:
    """A plan, why, and the probes that were looked at."""

    plan: str
    reasons: tuple[str, ...]
    probes: tuple[Probe, ...] = ()

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Stage:
    """Epochs in which the same layers are trained. last_epoch: the first one that is no longer in it.

    blocks: how many are trained, counted from the last one, besides the head.
    """

    name: str
    first_epoch: int
    last_epoch: int
    blocks: int

    @property
    def on_features(self) -> bool:
        return self.name == "head"


def stages(plan: str, epochs: int, total_blocks: int, unfreeze: int = 0, head_fitted: bool = False) -> list[Stage]:
    """The stages of a run. unfreeze: blocks that "last_blocks" trains; 0: a third of them.

    head_fitted: the head is at its optimum before the first epoch. Its stage then takes no epochs, and the others all.
    """
    shares = np.array(SHARES[plan])
    if head_fitted:
        shares[0] = 0.0
        shares /= shares.sum() or 1.0
    ends = np.round(np.cumsum(shares) * epochs).astype(int)
    trained = (0, min(unfreeze or max(1, total_blocks // 3), total_blocks), total_blocks)
    found, start = [Stage("head", 0, 0, 0)] if head_fitted else [], 0
    for name, end, count in zip(STAGES, ends, trained, strict=True):
        if end > start:
            found.append(Stage(name, start, int(end), count))
            start = int(end)
    return found


def body_blocks(model: keras.Model) -> list[Block]:
    """The blocks with weights below the embedding, without the input layers."""
    body = blocks(keras.Model(model.input, model.get_layer("embedding").output))
    return [block for block in body if any(layer.weights for layer in block.layers)]


def unfreeze(model: keras.Model, body: Sequence[Block], stage: Stage, keep_statistics: bool) -> None:
    """Make trainable what `stage` trains and nothing else.

    keep_statistics: batch normalisation below the head stays as the given weights have it.
    """
    known = {layer for block in body for layer in block.layers}
    free = {layer for block in body[len(body) - stage.blocks :] for layer in block.layers}
    for layer in model.layers:
        trained = layer in free or layer not in known
        normalization = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = trained and not (keep_statistics and normalization and layer in known)


def update_scales(
    model: keras.Model, body: Sequence[Block], stage: Stage, rate: float, decay: float
) -> list[tuple[keras.Variable, float]]:
    """The share of the learning rate of what is trainable: `rate` at the top, falling block by block."""
    if stage.on_features:
        return []
    depth_of = {id(weight): depth for depth, block in enumerate(reversed(body)) for weight in block.weights}
    return [(weight, rate * decay ** depth_of.get(id(weight), 0)) for weight in model.trainable_variables]


def with_all_depths(model: keras.Model, mean: np.ndarray, variance: np.ndarray) -> keras.Model:
    """The classifier with a head on the standardised features of all depths in place of that on the embedding."""
    body, _ = depth_features(model)
    head = model.get_layer("probabilities")
    x = keras.layers.Normalization(mean=mean, variance=variance, dtype="float32", name="depth_standardization")(
        body.output
    )
    logits = keras.layers.Dense(len(head.class_names), dtype="float32", name="logits")(x)
    probabilities = ClassProbabilities(head.class_names, name="probabilities")(logits)
    return keras.Model(model.input, probabilities, name=model.name)


def head_part(model: keras.Model) -> keras.Model:
    """From features to logits: the layers that are trained when the features come from the cache."""
    names = {layer.name for layer in model.layers}
    bottom = model.get_layer("depth_features" if "depth_features" in names else "embedding").output
    return keras.Model(bottom, model.get_layer("logits").output, name=f"{model.name}_head")


def feature_cache(
    config: TrainConfig, model: keras.Model, statistics: dict, say: Callable[[str], None] = lambda line: None
) -> tuple[FeatureCache, dict[str, slice]]:
    """The cache of this network's features, and where each depth stands in them. Views are of one image, not mixed."""
    body, places = depth_features(model)
    row = replace(settings(config.input.augmentation, config.augmentation), mixup=0.0, cutmix=0.0)
    facts = {"image_size": config.input.image_size, "channels": model.input_shape[-1], "model": model.name}
    facts |= {name: getattr(config.network, name) for name in ("activation", "normalization", "pooling")}
    cache = FeatureCache(
        Path(config.runs) / FOLDER,
        body,
        Preprocessing(**preprocessing(model)),
        facts=facts,
        augmentation_facts=repr(row),
        augmentation=Augmentation(row, color_covariance=np.array(statistics["covariance"])),
        seed=config.training.seed,
        most_bytes=round(config.training.feature_cache_gigabytes * 1e9),
        say=say,
    )
    return cache, places


def images(manifest: Manifest, rows) -> ImageSet:
    return ImageSet(manifest.paths(rows), list(rows["sha256"]), manifest.boxes(rows))


def choose(
    config: TrainConfig,
    manifest: Manifest,
    model: keras.Model,
    statistics: dict,
    on_progress: Callable[[int], None] = lambda done: None,
    say: Callable[[str], None] = lambda line: None,
) -> Choice:
    """The plan for this data, from a linear probe on the features of each depth."""
    rows = manifest.split("train")
    rows = rows.iloc[drawn(len(rows), config.training.seed)]
    cache, places = feature_cache(config, model, statistics, say)
    features = cache.features(images(manifest, rows), on_progress=on_progress)
    labels = np.array([manifest.class_names.index(label) for label in rows["label"]])
    readable = np.isfinite(features).all(axis=1)
    features, labels = features[readable], labels[readable]
    probes = [probe(name, features[:, place], labels) for name, place in places.items()]
    if len(places) > 1:
        probes.append(probe("all depths", features, labels))
    return decide(probes, len(manifest.split("train")), len(manifest.class_names))


def decide(probes: Sequence[Probe], images: int, classes: int) -> Choice:
    """The plan from the probes; the last two are that of the embedding and that of all depths."""
    top = next(p for p in probes if p.name == "embedding")
    every = probes[-1]
    gain, margin = every.accuracy - top.accuracy, max(top.error, every.error)
    alike, many = gain <= margin, images >= MANY * classes
    reasons = [
        f"a linear classifier on the last features gets {100 * top.accuracy:.1f} % (± {100 * top.error:.1f}) "
        "of the images right that were left out",
        f"with the features of all depths {100 * every.accuracy:.1f} %, so the task is "
        f"{'like' if alike else 'unlike'} that of the weights",
        f"{images:,} images of {classes} classes are {'many' if many else 'few'} (many: from {MANY} a class)",
    ]
    if top.accuracy >= SOLVED:
        return Choice("head", (reasons[0], "nothing is left to gain"), tuple(probes))
    plan = {(False, True): "head", (False, False): "features", (True, True): "last_blocks", (True, False): "all"}
    return Choice(plan[many, alike], tuple(reasons), tuple(probes))
