"""What is trained of a network that starts from given weights, chosen from what the features of the data can do.

The four cases, by how many images there are and how much the task is like that of the weights:

|      | alike                         | unlike                                       |
|------|-------------------------------|----------------------------------------------|
| few  | a new head                    | a head on the features of all depths         |
| many | the last blocks and the head  | everything, the first blocks the least       |

Yosinski et al., How Transferable Are Features in Deep Neural Networks, 2014.

A head on patches, with a background class (`imgcls.data.patches`), is trained only where the user asks for it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from imgcls.config import AugmentationConfig, Plan, TrainConfig
from imgcls.data.augmentation import Augmentation, from_preset
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest, indices_of, targets_of
from imgcls.models.classifier import preprocessing
from imgcls.progress import ProgressFunction, no_progress
from imgcls.training.network import augmentation_layers
from imgcls.training.transfer.features import FOLDER, FeatureCache, ImageSet, Views, depth_features
from imgcls.training.transfer.probe import ACCURACY, Probe, drawn, probe

MANY = 100  # images a class, on average, from which fine-tuning has something to learn from
SOLVED = 0.995  # accuracy, or average precision, of a linear classifier from which nothing is left to gain
ON_FEATURES = ("head", "features", "patches")  # plans that train nothing but the head


@dataclass(frozen=True)
class Choice:
    """The choice of a plan.

    Attributes:
        plan: the value of `--plan`.
        reasons: why, as parts of a sentence.
        probes: the linear probes that it was chosen by.
    """

    plan: Plan
    reasons: tuple[str, ...]
    probes: tuple[Probe, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The choice as plan.json holds it."""
        return asdict(self)


def feature_cache(
    config: TrainConfig, model: keras.Model, statistics: dict[str, Any]
) -> tuple[FeatureCache, dict[str, slice]]:
    """The cache of a network's features. Views are of one image, not mixed.

    Args:
        config: of the run.
        model: the classifier, whose backbone computes the features.
        statistics: of the pixels, as `imgcls.training.network.run_statistics` gives them.

    Returns:
        The cache, and where each depth stands in its features.
    """
    body, places = depth_features(model)
    row = replace(from_preset(config.input.augmentation, config.augmentation), mixup=0.0, cutmix=0.0)
    facts = {"image_size": config.input.image_size, "channels": model.input_shape[-1], "model": model.name}
    facts |= {name: getattr(config.network, name) for name in ("activation", "normalization", "pooling")}
    covariance, layers = np.array(statistics["covariance"]), augmentation_layers(config)
    augmentation = Augmentation(row, color_covariance=covariance, layers=layers)
    cache = FeatureCache(
        Path(config.runs) / FOLDER,
        body,
        Preprocessing(**preprocessing(model)),
        facts,
        views=Views(augmentation, _facts(row, config.input.augmentation_layers), config.training.seed),
        most_bytes=round(config.training.feature_cache_gigabytes * 1e9),
    )
    return cache, places


def _facts(row: AugmentationConfig, layers: tuple[str, ...]) -> str:
    """All that the views depend on besides their seed."""
    return f"{row!r} {layers!r} of Keras {keras.__version__}" if layers else repr(row)


def images(manifest: Manifest, rows: pd.DataFrame) -> ImageSet:
    """The images of a manifest's rows, to compute features of."""
    return ImageSet(manifest.paths(rows), list(rows["sha256"]), manifest.boxes(rows))


def choose(
    config: TrainConfig,
    manifest: Manifest,
    model: keras.Model,
    statistics: dict[str, Any],
    on_progress: ProgressFunction = no_progress,
) -> Choice:
    """Choose the plan for this data by a linear probe on the features of each depth.

    Args:
        config: of the run.
        manifest: its images.
        model: the classifier with the given weights, in float32.
        statistics: of the pixels, as `imgcls.training.network.run_statistics` gives them.
        on_progress: receives the number of images whose features are there.
    """
    rows = manifest.split("train")
    rows = rows.iloc[drawn(len(rows), config.training.seed)]
    cache, places = feature_cache(config, model, statistics)
    features = cache.features(images(manifest, rows), on_progress=on_progress)
    labels = (targets_of if config.is_multi_label else indices_of)(rows, manifest.class_names)
    readable = np.isfinite(features).all(axis=1)
    features, labels = features[readable], labels[readable]
    probes = [probe(name, features[:, place], labels) for name, place in places.items()]
    if len(places) > 1:
        probes.append(probe("all depths", features, labels))
    return decide(probes, len(manifest.split("train")), len(manifest.class_names))


def decide(probes: Sequence[Probe], images: int, classes: int) -> Choice:
    """Decide on the plan.

    Args:
        probes: of each depth; the last two are that of the embedding and that of all depths.
        images: number of training images.
        classes: number of classes.
    """
    top = next(p for p in probes if p.name == "embedding")
    every = probes[-1]
    gain, margin = every.score - top.score, max(top.error, every.error)
    alike, many = gain <= margin, images >= MANY * classes
    reached = (
        f"gets {100 * top.score:.1f} % (± {100 * top.error:.1f}) of the images right that were left out"
        if top.metric == ACCURACY
        else f"has a {top.metric} of {100 * top.score:.1f} % (± {100 * top.error:.1f}) on images that were left out"
    )
    reasons = [
        f"a linear classifier on the last features {reached}",
        f"with the features of all depths {100 * every.score:.1f} %, so the task is "
        f"{'like' if alike else 'unlike'} that of the weights",
        f"{images:,} images of {classes} classes are {'many' if many else 'few'} (many: from {MANY} a class)",
    ]
    if top.score >= SOLVED:
        return Choice("head", (reasons[0], "nothing is left to gain"), tuple(probes))
    plan: dict[tuple[bool, bool], Plan] = {
        (False, True): "head",
        (False, False): "features",
        (True, True): "last_blocks",
        (True, False): "all",
    }
    return Choice(plan[many, alike], tuple(reasons), tuple(probes))
