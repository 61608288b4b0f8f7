"""A network of a benchmark, built for the images, with its weights or without them."""

import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from imgcls.config import BalanceConfig, InputConfig, NetworkConfig, Task, TrainConfig, TrainingConfig
from imgcls.models.cost import NetworkCost, describe
from imgcls.models.foreign.expected_pixels import expected_pixels
from imgcls.models.registry import find_architecture
from imgcls.models.weights.here import without_weights
from imgcls.training.auto_settings import resolve
from imgcls.training.network import build_network, run_statistics
from imgcls.workflow.benchmark.images import BenchmarkImages
from imgcls.workflow.benchmark.named_pixels import EVERY
from imgcls.workflow.benchmark.request import BenchmarkRequest

RANDOM = "none"  # weights that nobody has trained
RANDOM_WANTED = "--weights none was asked for."


@dataclass(frozen=True)
class BuiltNetwork:
    """A network with a new head for the classes of the images.

    Attributes:
        config: As training would settle it.
        model: From pixels to probabilities.
        statistics: Of the pixels.
        why: Why it has no published weights, as a sentence; empty if it has them.
    """

    config: TrainConfig
    model: keras.Model
    statistics: dict[str, Any]
    why: str

    @property
    def weights(self) -> str:
        """The name of the weights, such as "imagenet"; "none" for random ones."""
        return self.config.network.weights

    @property
    def cost(self) -> NetworkCost:
        """Its parameters and MACs, by the formulas."""
        return describe(self.config.network.model, self.model.input_shape[1:], self.model.output_shape[-1])


def check_pixels(request: BenchmarkRequest) -> None:
    """Raise ValueError if a network is unknown, or if its pixels are named by nobody or where they are known."""
    for name in request.models:
        expected_pixels(find_architecture(name), request.pixels_of(name, is_silent(name)))
    if (named := request.pixels_of(EVERY, True)) and not any(map(is_silent, request.models)):
        raise ValueError(
            f"--preprocessing {named} is for Keras models that do not say which pixels they take, and --models has "
            "none. Leave it out."
        )


def is_silent(name: str) -> bool:
    """Whether nothing in a network says which pixels it takes."""
    return find_architecture(name).preprocessing == ""


def network_config(request: BenchmarkRequest, name: str, weights: str, task: Task = "auto") -> TrainConfig:
    """The config of a network as a run would have it, before it is settled by the images, of which `task` is known."""
    pixels: Any = request.pixels_of(name, is_silent(name))
    return TrainConfig(
        input=InputConfig(data=request.data, image_size=request.image_size, task=task),
        balance=BalanceConfig(balance="none"),
        network=NetworkConfig(model=name, weights=weights, preprocessing=pixels),
        training=TrainingConfig(precision="float32", seed=request.seed),
        runs=str(request.runs),
    )


def build(request: BenchmarkRequest, images: BenchmarkImages, name: str) -> BuiltNetwork:
    """Build a network, with the weights that were named, else with published ones if they can be had, else random.

    Raises:
        ValueError: If the images are too small for the network, or weights are no good.
        FileNotFoundError: If weights that were named are not here and cannot be downloaded.
        ConnectionError: If their download failed.
    """
    if request.weights != "auto":
        return _built(request, images, name, request.weights, RANDOM_WANTED if request.weights == RANDOM else "")
    try:
        found = _built(request, images, name, "auto", "")
    except (FileNotFoundError, ConnectionError) as error:
        return _built(request, images, name, RANDOM, f"Its weights cannot be had here: {_first_sentence(error)}")
    if found.weights != RANDOM:
        return found
    why = without_weights(find_architecture(name))
    return replace(found, why=f"{why[0].upper()}{why[1:]}.")


def _built(request: BenchmarkRequest, images: BenchmarkImages, name: str, weights: str, why: str) -> BuiltNetwork:
    keras.utils.set_random_seed(request.seed)
    with quietly(), contextlib.redirect_stdout(io.StringIO()):  # on which Keras says what it downloads
        config = resolve(network_config(request, name, weights, images.task), images.manifest)
        statistics = run_statistics(config, images.manifest)
        model = build_network(config, images.class_names, statistics)
    return BuiltNetwork(config, model, statistics, why)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without the sentences on each choice, which would be many for many networks."""
    loggers = [logging.getLogger(name) for name in ("imgcls.training", "imgcls.data")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _first_sentence(error: Exception) -> str:
    said = " ".join(str(error).split())
    return said.partition(" (")[0].partition(". ")[0].rstrip(".") + "."


def short_name(name: str) -> str:
    """Of a network: that of its file where it is one of the user's own."""
    return Path(name).stem if name.endswith((".py", ".keras")) else name
