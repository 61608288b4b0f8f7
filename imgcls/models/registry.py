"""The table of architectures: one entry a name, filled by the decorator `architecture`."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PretrainedWeights:
    """Published weights of one architecture.

    load: fills the layers of a built model, head included, and returns nothing.
    class_names: returns the names of the outputs of the published head, in order.
    mean, std: the standardisation, in units of pixels in [0, 255], that the weights were trained with.
    preprocessing: fields of `imgcls.data.preprocessing.Preprocessing` that the weights were trained with.
    licence, source: where they come from and what may be done with them.
    """

    load: Callable
    class_names: Callable[[], list[str]]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    preprocessing: Mapping[str, object]
    licence: str
    source: str


@dataclass(frozen=True)
class Architecture:
    """One network of the table.

    build: (wiring, x) -> feature map or feature vector, before the classifier's own last layer.
    image_size: height and width, in pixels, that the paper trained at.
    paper: where it was published.
    weights: published weights by name, such as "imagenet".
    wiring: fields of `imgcls.models.wiring.Wiring` in which the network differs from the rest.
    """

    name: str
    build: Callable
    image_size: int
    paper: str
    weights: Mapping[str, PretrainedWeights] = field(default_factory=dict)
    wiring: Mapping[str, object] = field(default_factory=dict)


_ARCHITECTURES: dict[str, Architecture] = {}


def register(architecture: Architecture) -> Architecture:
    """Add an architecture. Raises ValueError if the name is taken."""
    if architecture.name in _ARCHITECTURES:
        raise ValueError(f"An architecture {architecture.name!r} exists already; choose another name.")
    _ARCHITECTURES[architecture.name] = architecture
    return architecture


def list_models() -> list[str]:
    """The names of all architectures, sorted."""
    return sorted(_ARCHITECTURES)


def find_architecture(name: str) -> Architecture:
    """The architecture called `name`. Raises ValueError, with the nearest name, if there is none."""
    if name in _ARCHITECTURES:
        return _ARCHITECTURES[name]
    close = difflib.get_close_matches(name.lower().replace("-", "_"), _ARCHITECTURES, n=1, cutoff=0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"Unknown architecture {name!r}.{hint} There are: {', '.join(list_models())}.")
