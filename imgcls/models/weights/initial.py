"""What a new network starts from."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras

from imgcls.models.classifier import class_names, load_model
from imgcls.models.input_layers import InputLayers
from imgcls.models.registry import Architecture, PretrainedWeights, find_architecture
from imgcls.models.weights.earlier import copy_layers
from imgcls.models.weights.file_check import check_saved_classifier
from imgcls.models.weights.here import published_name
from imgcls.models.weights.imagenet import imagenet_class_names
from imgcls.models.weights.named import find_weights, named_weights
from imgcls.models.weights.state_dict import (
    StateDict,
    check_takes_state_dicts,
    is_state_dict,
    load_state_dict,
    read_state_dict,
)

NO_WEIGHTS = "none"
H5 = ".h5"  # the name, among the weights of an architecture, of those of any such file

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class InitialWeights:
    """Published weights, a PyTorch state dict, an earlier model, or none of them: random numbers.

    Attributes:
        named: What the user called the weights.
        published: Published weights.
        state_dict: A state dict that was read from a file.
        earlier: The .keras file of an earlier model.
    """

    named: str
    published: PretrainedWeights | None = None
    state_dict: StateDict | None = None
    earlier: Path | None = None

    @property
    def wiring(self) -> Mapping[str, Any]:
        """The fields of `imgcls.models.wiring.Wiring` in which the weights' network differs from the architecture."""
        return self.state_dict.wiring if self.state_dict else {}

    @property
    def num_classes(self) -> int | None:
        """The outputs of a state dict's head, 0 without a head; None for other weights."""
        return self.state_dict.num_classes if self.state_dict else None

    def network_of(self, architecture: Architecture) -> Architecture:
        """The architecture, with the layers that the weights were trained in where they depend on the weights."""
        build = self.published.build if self.published else None
        return replace(architecture, build=build) if build else architecture

    def class_names(self) -> list[str]:
        """The names of the outputs that the weights were trained for; empty where they are unknown."""
        if self.published:
            return self.published.class_names()
        return imagenet_class_names() if self.state_dict else []

    def input_layers(self, given: InputLayers) -> InputLayers:
        """The layers before the stem that the weights were trained with; `given` where they say nothing."""
        trained_with = self.published or self.state_dict
        if trained_with is None:
            return given
        preprocessing = {**given.preprocessing, **trained_with.preprocessing}
        return replace(given, preprocessing=preprocessing, mean=trained_with.mean, std=trained_with.std)

    def check_channels(self, channels: int) -> None:
        """Raise ValueError where images have other channels than those that the weights were trained with."""
        checks_itself = self.published is not None and self.published.build  # whoever builds the network for them
        if channels != 3 and (self.published or self.state_dict) and not checks_itself:
            raise ValueError(f"The {self.named} weights expect images of 3 channels, not {channels}; use --color rgb.")

    def fill(self, model: keras.Model, names: list[str] | None) -> None:
        """Fill the layers of a built model.

        Args:
            model: The classifier, or its body without a head.
            names: The names of its outputs; None without a head.

        Raises:
            ValueError: If the weights do not fit.
        """
        if self.published:
            self.published.load(model, names is not None and names == self.published.class_names())
        elif self.state_dict:
            logger.info(load_state_dict(model, self.state_dict).sentence())
            if said := self.state_dict.pixels_sentence():
                logger.info(said)
        elif self.earlier:
            _copy_classifier(self.earlier, model)


def initial_weights(architecture: Architecture, weights: str | Path) -> InitialWeights:
    """What `weights` names: "none", published weights, or a file.

    Args:
        architecture: The network that is to start from them.
        weights: "none", the name of published weights, a name with its source such as timm:resnet50.a1_in1k, or the
            path of a .h5, .keras, .pth, .pt, .bin or .safetensors file.

    Raises:
        ValueError: If there are no published weights of that name, or the file is of another kind or network.
        FileNotFoundError: If there is no such file.
        ConnectionError: If weights are to be downloaded and cannot be.
    """
    named = str(weights)
    if name := named_weights(weights):
        check_takes_state_dicts(architecture, named)
        found = find_weights(name, architecture.name)
        return InitialWeights(named, state_dict=read_state_dict(architecture, found.path, name.name, found.pixels))
    if is_state_dict(weights):
        return InitialWeights(named, state_dict=read_state_dict(architecture, Path(weights)))
    published = _published(architecture, weights)
    earlier = Path(weights) if published is None and named != NO_WEIGHTS else None
    return InitialWeights(named, published, earlier=earlier)


def published_weights(name: str, weights: str | Path) -> PretrainedWeights | None:
    """The published weights called `weights` of the architecture `name`; None for "none" and for a path.

    The path of a file in the format of `keras.applications` (.h5) stands for the published weights, without a download.

    Raises:
        ValueError: If the architecture has no weights of that name.
        FileNotFoundError: If a path names no file.
    """
    return _published(find_architecture(name), weights)


def _published(architecture: Architecture, weights: str | Path) -> PretrainedWeights | None:
    known = architecture.weights
    if str(weights) == NO_WEIGHTS or named_weights(weights):
        return None
    suffix = Path(weights).suffix
    from_file = known.get(H5) or known.get("imagenet") if suffix == H5 else None
    if from_file:
        return _of_file(from_file, Path(weights))
    if suffix:
        if not Path(weights).is_file():
            raise FileNotFoundError(f"No weight file at {weights}. Expected a .keras file, as a run folder holds.")
        return None
    if str(weights) not in known:
        there_are = [*(each for each in known if each != H5), NO_WEIGHTS]
        if other := published_name(architecture):
            there_are.append(f"a name with its source such as {other}")
        raise ValueError(
            f"{architecture.name} has no weights {str(weights)!r}. There are: {', '.join(there_are)}, or the path of a "
            ".keras file."
        )
    return known[str(weights)]


def _of_file(weights: PretrainedWeights, path: Path) -> PretrainedWeights:
    build = partial(weights.build, path=path) if weights.build else None
    return replace(weights, load=partial(weights.load, path=path), build=build)


def _copy_classifier(path: Path, model: keras.Model) -> None:
    check_saved_classifier(path, model.name)
    earlier = load_model(path)
    same_head = "probabilities" in {layer.name for layer in model.layers} and class_names(earlier) == class_names(model)
    copy_layers(earlier, model, head=same_head)
