"""Options that name nothing or cannot go together, found out before any image is read."""

from importlib.util import find_spec
from pathlib import Path

import tensorflow as tf

from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
from imgcls.data.augmentation.layer_function import layer_function, try_layers
from imgcls.layer_precision import layers_in
from imgcls.layers.by_name import ACTIVATIONS, INITIALIZERS, find
from imgcls.models import NetworkOptions, find_architecture
from imgcls.models.cost import cost_of_network
from imgcls.models.foreign.expected_pixels import expected_pixels
from imgcls.models.foreign.fixed_options import usable_options
from imgcls.models.layout_choice import resolve_data_format
from imgcls.models.own_file import try_out
from imgcls.models.registry import Architecture
from imgcls.models.weights.file_check import check_saved_classifier, check_weight_file
from imgcls.models.weights.initial import initial_weights, published_weights
from imgcls.models.weights.named import is_weight_file, named_weights
from imgcls.training.auto_settings import settle_plan, settle_weights
from imgcls.training.devices.precision import choose_precision
from imgcls.training.devices.strategy import check_batch_size, make_strategy
from imgcls.training.network import earlier_model, run_preprocessing


def check_options(config: TrainConfig) -> None:
    """Raise ValueError or FileNotFoundError, in one sentence, if no images could make a run of this config."""
    check_layers(config)
    _check_network(config.network, config.input)
    _check_devices(config.training)
    with layers_in(choose_precision(config.training.precision)[0]):
        resolve_data_format(config.network.data_format)
    if config.training.mlflow and find_spec("mlflow") is None:
        raise ValueError("--mlflow needs MLflow: pip install imgcls[mlflow]")


def check_layers(config: TrainConfig) -> None:
    """Raise ValueError for a layer of `--augmentation-layers` that cannot be used.

    It is tried on images once their size is known.
    """
    layers = [layer_function(text) for text in config.input.augmentation_layers]
    if layers and config.input.image_size:
        pixels = run_preprocessing(config)
        try_layers(layers, (pixels.height, pixels.width, pixels.channels))


def _check_network(network: NetworkConfig, inputs: InputConfig) -> None:
    architecture = find_architecture(network.model) if network.model != "auto" else None
    if network.model.endswith(".py"):
        try_out(network.model, inputs.image_size, 1 if inputs.color == "grayscale" else 3)
    if architecture:
        _check_foreign(architecture, network, inputs)
    weights = settle_weights(network, architecture)
    if named_weights(weights) and not architecture:
        raise ValueError(f"--weights {weights} needs its network. Name it with --model.")
    if is_weight_file(weights):
        check_weight_file(Path(weights), architecture)
    elif architecture and named_weights(weights):
        initial_weights(architecture, weights)  # reads the file
    elif architecture and weights != "auto":
        published_weights(network.model, weights)
    settle_plan(network, weights)
    if network.activation is not None:
        find("activation", network.activation, ACTIVATIONS)
    if network.initializer is not None:
        find("initializer", network.initializer, INITIALIZERS)
    earlier = earlier_model(network.init_from)
    if earlier is not None:
        check_saved_classifier(earlier)


def _check_foreign(architecture: Architecture, network: NetworkConfig, inputs: InputConfig) -> None:
    """What a Keras model cannot have, and what has to be said of it."""
    expected_pixels(architecture, network.preprocessing)
    if not architecture.is_foreign:
        return
    usable_options(architecture, NetworkOptions.from_config(network))
    if inputs.whitening != "none":
        raise ValueError(f"Whitening changes the pixels that {network.model} expects. Choose --whitening none.")
    size = inputs.image_size or architecture.image_size
    channels = {"grayscale": 1, "rgb": 3}.get(inputs.color, architecture.channels)
    cost_of_network(architecture, {}, (size, size, channels))


def _check_devices(training: TrainingConfig) -> None:
    strategy = make_strategy(training.strategy)
    if training.batch_size:  # else it becomes one that they can share
        check_batch_size(training.batch_size, training.gradient_accumulation_steps, strategy)
    if training.xla == "on" and strategy.num_replicas_in_sync > 1 and not tf.config.list_physical_devices("GPU"):
        raise ValueError("--xla on does not work on several processors; leave it out, or choose --strategy one_device.")
