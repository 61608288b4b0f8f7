"""What "auto" means for this data: every choice is made here, logged in a sentence, and written to the run's config."""

import logging
from dataclasses import replace

import pandas as pd
import tensorflow as tf

from imgcls.config import (
    BalanceConfig,
    Color,
    InputConfig,
    NetworkConfig,
    PixelDtype,
    Plan,
    TrainConfig,
    TrainingConfig,
)
from imgcls.data.batches.balance import resolve_balance, resolve_multi_label_balance
from imgcls.data.manifest.table import Manifest
from imgcls.models import find_architecture
from imgcls.models.cost import describe
from imgcls.models.registry import Architecture, PretrainedWeights
from imgcls.models.weights.here import automatic_weights, why_automatic
from imgcls.models.weights.initial import NO_WEIGHTS, published_weights
from imgcls.training.batch_search import STEPS_AN_EPOCH
from imgcls.training.devices.strategy import make_strategy
from imgcls.training.learning_rate_rule import settle_learning_rate
from imgcls.training.whitening import whitening_mode

SMALL_IMAGE = 64  # pixels of the shorter side; below, ImageNet's features see next to nothing
SMALL_MODEL = "resnet20"
PHOTO_MODEL = "efficientnet_lite0"
SMALLEST_BATCH, LARGEST_BATCH = 8, 64  # images, where the user names no size
log = logging.getLogger(__name__)


def resolve(config: TrainConfig, manifest: Manifest) -> TrainConfig:
    """Settle the model, weights, colour, sizes, balance, batch size and learning rate that suit these images.

    The plan of given weights stays "auto": `imgcls.training.transfer.plan.choose` finds it out from their features.

    Args:
        config: as the user gave it.
        manifest: the images, each with a split.

    Raises:
        ValueError: the model or weights are unknown, or choices exclude each other.
    """
    images, training = manifest.usable, manifest.split("train")
    network = _with_model_and_weights(config.network, manifest.sizes(images))
    published = published_weights(network.model, network.weights)
    _check_whitening(config.input, network)
    color = _color(config.input, network, published, bool(images["grayscale"].all()))
    inputs = replace(config.input, color=color)
    inputs = replace(inputs, image_size=_image_size(inputs, network.model, published, manifest.sizes(images)))
    inputs = replace(inputs, pixel_dtype=_pixel_dtype(inputs.pixel_dtype))
    balance = _balance(config, training)
    _log_whitening(inputs)
    batch_size = config.training.batch_size or _batch_size(len(training), _parts(config.training))
    return replace(
        config,
        balance=balance,
        training=settle_learning_rate(replace(config.training, batch_size=batch_size), len(training)),
        network=network,
        input=inputs,
    )


def _balance(config: TrainConfig, training: pd.DataFrame) -> BalanceConfig:
    if config.is_multi_label:
        return resolve_multi_label_balance(config.balance)
    return resolve_balance(config.balance, training["label"].value_counts().tolist())


def _with_model_and_weights(network: NetworkConfig, sizes: pd.DataFrame) -> NetworkConfig:
    """Settle the model, its weights, and the plan where there are none. sizes: width and height of each image."""
    model = network.model
    if model == "auto":
        shorter = sizes.min(axis=1).median()
        model = SMALL_MODEL if shorter <= SMALL_IMAGE else PHOTO_MODEL
        log.info("--model %s: the images' shorter side is %.0f pixels (median).", model, shorter)
    architecture = find_architecture(model)
    weights = settle_weights(network, architecture)
    if network.weights == "auto" and network.plan != "scratch":
        start = f"the run starts from {network.init_from}" if network.init_from else why_automatic(architecture)
        log.info("--weights %s: %s.", weights, start)
    plan = settle_plan(network, weights)
    if plan == "scratch":
        weights = NO_WEIGHTS
        start = "the weights that fit, else random ones" if network.init_from else "random weights"
        log.info("--plan %s: everything is trained, from %s.", plan, start)
    return replace(network, model=model, weights=weights, plan=plan)


def settle_weights(network: NetworkConfig, architecture: Architecture | None) -> str:
    """The weights that a run starts from. It stays "auto" where it depends on the architecture and that is None."""
    if network.weights != "auto":
        return network.weights
    if network.init_from:
        return NO_WEIGHTS
    return automatic_weights(architecture) if architecture else "auto"


def settle_plan(network: NetworkConfig, weights: str) -> Plan:
    """The plan with these weights. Raises ValueError for one that keeps weights where there are none."""
    if weights != NO_WEIGHTS:
        return network.plan
    if network.plan in ("auto", "all", "scratch"):
        return "scratch"
    start = (
        f" (--init-from {network.init_from} starts the layers that fit, and keeps none)" if network.init_from else ""
    )
    raise ValueError(
        f"--plan {network.plan} keeps weights, and there are none{start}. Choose --plan scratch, or name a .keras file "
        "with --weights."
    )


def _check_whitening(inputs: InputConfig, network: NetworkConfig) -> None:
    if inputs.whitening != "none" and network.weights != NO_WEIGHTS:
        raise ValueError(
            f"--whitening {inputs.whitening} changes the pixels that the weights {network.weights} know. Choose one."
        )


def _log_whitening(inputs: InputConfig) -> None:
    if inputs.whitening != "none":
        what = whitening_mode(inputs.whitening, (inputs.image_size, inputs.image_size, _channels(inputs.color)))
        where = "whole images" if what == "image" else "the channels of each pixel"
        log.info("--whitening %s: of %s.", inputs.whitening, where)


def _color(
    inputs: InputConfig, network: NetworkConfig, published: PretrainedWeights | None, all_grayscale: bool
) -> Color:
    color = inputs.color
    if color == "auto":
        without_weights = network.weights == NO_WEIGHTS or network.weights.endswith(".keras")
        foreign = find_architecture(network.model)
        if foreign.is_foreign:
            color = "grayscale" if foreign.channels == 1 else "rgb"
        else:
            color = "grayscale" if all_grayscale and without_weights else "rgb"
    if color == "grayscale" and published is not None and not published.build:
        raise ValueError(
            f"--color grayscale does not go with the {network.weights} weights of {network.model}, which expect "
            "--color rgb."
        )
    return color


def _pixel_dtype(name: PixelDtype) -> PixelDtype:
    """The type of the pixels on their way to the device: to a GPU the fewest bytes; a processor reads what is there."""
    if name != "auto":
        return name
    return "uint8" if tf.config.list_physical_devices("GPU") else "float32"


def _channels(color: str) -> int:
    return 1 if color == "grayscale" else 3


def _image_size(inputs: InputConfig, model: str, published: PretrainedWeights | None, sizes: pd.DataFrame) -> int:
    """Pixels of a side: the images' own where all have the same and it is small, else the model's."""
    channels = _channels(inputs.color)
    if inputs.image_size:
        describe(model, (inputs.image_size, inputs.image_size, channels))  # refuses a size too small for the network
        return inputs.image_size
    lengths = set(sizes["width"]) | set(sizes["height"])
    own = int(max(lengths))
    same = len(lengths) == 1 and 16 <= own <= SMALL_IMAGE and published is None
    return own if same and _fits(model, own, channels) else find_architecture(model).image_size


def _batch_size(images: int, parts: int) -> int:
    """A size that has so many equal parts."""
    size = min(LARGEST_BATCH, max(SMALLEST_BATCH, images // STEPS_AN_EPOCH))
    return max(parts, size // parts * parts)


def _parts(training: TrainingConfig) -> int:
    """The equal parts in which a batch is computed, on all devices together."""
    devices: int = make_strategy(training.strategy).num_replicas_in_sync
    return devices * training.gradient_accumulation_steps


def _fits(model: str, size: int, channels: int) -> bool:
    """Whether images of this size leave something for the network's last layers to see."""
    try:
        describe(model, (size, size, channels))
    except ValueError:
        return False
    return True
