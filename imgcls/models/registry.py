"""The table of architectures: one entry a name, filled by the decorator `architecture`."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from imgcls.nearest_name import nearest_name

NETWORK_FILES, REFUSED = "IMGCLS_NETWORK_FILES", "refused"  # environment variable of a process that may run none


@dataclass(frozen=True)
class PretrainedWeights:
    """Published weights of one architecture.

    Attributes:
        load: (model, with the published head?) -> None; fills the layers of a built model, and raises ValueError before
            any weight is changed if the file does not fit.
        class_names: Returns the names of the outputs of the published head, in order.
        mean: Of the pixels, in [0, 255], that the weights were trained with.
        std: Standard deviation of the same pixels.
        preprocessing: Fields of `imgcls.data.images.preprocessing.Preprocessing` that the weights were trained with.
        licence: What may be done with them.
        source: Where they come from.
        build: Replaces `Architecture.build` where the layers of the network depend on the weights.
    """

    load: Callable[..., None]
    class_names: Callable[[], list[str]]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    preprocessing: Mapping[str, object]
    licence: str
    source: str
    build: Callable[..., Any] | None = None


class ArrayName(str):
    """The whole name of an array in a state dict, to which no ".weight" or ".bias" is added."""


def _as_they_are(arrays: Mapping[str, Any]) -> Mapping[str, Any]:
    return arrays


@dataclass(frozen=True)
class StateDictNames:
    """How a PyTorch project names the parts of a network in its state dicts.

    Attributes:
        project: Name of the project.
        layer: (name of our layer) -> name of theirs, without ".weight"; several names for a layer of several parts,
            such as a squeeze-and-excitation. An `ArrayName` is the whole name of the array.
        wiring: Fields in which their network differs from ours where names and shapes agree; they become ours.
        mean: Of the pixels, in [0, 255]; by default torchvision's, of ImageNet.
        std: Standard deviation of the same pixels.
        file_mark: What the file's name must hold, where nothing inside tells two forms apart.
        prepare: (arrays of a file by name) -> the same under these names, where a project writes them otherwise.
    """

    project: str
    layer: Callable[[str], Any]
    wiring: Mapping[str, Any] = field(default_factory=lambda: {"padding": "symmetric", "norm_epsilon": 1e-5})
    mean: tuple[float, ...] = (123.675, 116.28, 103.53)
    std: tuple[float, ...] = (58.395, 57.12, 57.375)
    file_mark: str = ""
    prepare: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _as_they_are


@dataclass(frozen=True)
class Architecture:
    """One network of the table.

    Attributes:
        name: In the table.
        build: (wiring, x) -> feature map.
        image_size: Height and width, in pixels, that the paper trained at.
        head: (wiring, feature map) -> feature vector, the embedding; None pools over height and width.
        head_in_backbone: Whether `head` only pools and normalizes, so that it stays where the classifier is left out.
        channels: Of the images that the paper trained on.
        paper: Where it was published.
        parameters: Trainable numbers at `image_size`, `channels` and `num_classes`; None where nobody published them.
        num_classes: That `parameters` and `top1` hold for.
        top1: Published accuracy in percent, one network and one crop unless `top1_source` says otherwise; None where
            there is none.
        top1_source: The data, and the place where the accuracy stands.
        weights: Published weights by name, such as "imagenet".
        state_dicts: How PyTorch projects name the parts of this network.
        wiring: Fields of `imgcls.models.wiring.Wiring` in which the network differs from the rest.
        auxiliary_head: (wiring, a map that `Wiring.branch_off` was given, num_classes, number) -> logits.
        starts_from: Names of the layers that `init_from` copies from a shallower network; None copies all that agree.
        preprocessing: The pixels that a Keras model of another project takes, by a name of
            `imgcls.models.foreign.expected_pixels.EXPECTED`; empty where the user has to say it; None for ours.
    """

    name: str
    build: Callable[..., Any]
    image_size: int
    head: Callable[..., Any] | None = None
    head_in_backbone: bool = False
    channels: int = 3
    paper: str = ""
    parameters: int | None = None
    num_classes: int = 1000
    top1: float | None = None
    top1_source: str = ""
    weights: Mapping[str, PretrainedWeights] = field(default_factory=dict)
    state_dicts: tuple[StateDictNames, ...] = ()
    wiring: Mapping[str, Any] = field(default_factory=dict)
    auxiliary_head: Callable[..., Any] | None = None
    starts_from: tuple[str, ...] | None = None
    preprocessing: str | None = None

    @property
    def is_foreign(self) -> bool:
        """Whether it is a Keras model of another project, which is used as it is."""
        return self.preprocessing is not None

    @property
    def default_weights(self) -> str:
        """The weights that a run starts from where the user names none; "none" where it comes without."""
        return next((name for name in ("imagenet", "own") if name in self.weights), "none")


Build = TypeVar("Build", bound=Callable[..., Any])

FAMILY_LIKENESS = 0.8  # of two families' names, as difflib has it, from which one may be meant for the other
STRANGERS = ("resnest", "res2net")  # families that are spelled like one of ours and are not it
ELSEWHERE = {"deit": "vit", "nasnetmobile": "nasnet_mobile", "nasnetlarge": "nasnet_large"}  # what other projects say
A_WORD = 5  # letters of a first word that is looked for within names

_ARCHITECTURES: dict[str, Architecture] = {}
_FOREIGN: dict[str, Architecture] = {}  # those of other projects that this process has met
KERAS_FILE = ".keras"
H5_FILES, PYTORCH_FILES = (".h5", ".hdf5"), (".pth", ".pt", ".bin", ".safetensors")
PROJECTS = ("keras_applications", "keras_cv", "keras_hub")  # whose models are named PROJECT:NAME


def architecture(name: str, image_size: int | None = None, **facts: Any) -> Callable[[Build], Build]:
    """Decorator that adds a network to the table.

    The function is called with a wiring and the standardized pixels, and returns a feature map.

    Args:
        name: Of the network.
        image_size: Height and width of its images, in pixels.
        **facts: Further fields of `Architecture`.

    Raises:
        ValueError: If the name is taken or missing, or a fact is no field.

    Example:
        >>> @architecture("three_stages", image_size=32)
        ... def three_stages(net, x):
        ...     for stage, filters in enumerate((16, 32, 64), start=1):
        ...         x = net.conv_norm_act(x, filters, 3, strides=2, name=f"stage{stage}")
        ...     return x
        >>> find_architecture("three_stages").image_size
        32
    """
    if not isinstance(name, str) or not name or type(image_size) is not int or image_size < 1:
        raise ValueError(
            '@architecture needs a name and the size of the images in pixels: @architecture("my_net", image_size=32).'
        )
    unknown = sorted(set(facts) - set(Architecture.__dataclass_fields__))
    if unknown:
        raise ValueError(f"@architecture({name!r}) has no field {unknown[0]!r}; there are: {', '.join(_FACTS)}.")

    def register(build: Build) -> Build:
        if name in _ARCHITECTURES:
            raise ValueError(f"An architecture {name!r} exists already; choose another name.")
        _ARCHITECTURES[name] = Architecture(name, build, image_size, **facts)
        return build

    return register


_FACTS = [name for name in Architecture.__dataclass_fields__ if name not in ("name", "build")]


def registered() -> dict[str, Architecture]:
    """The table itself, for those who add to it."""
    return _ARCHITECTURES


def remember(foreign: Architecture) -> None:
    """Let `find_architecture` know a model of another project by its name."""
    _FOREIGN[foreign.name] = foreign


def is_foreign(name: str) -> bool:
    """Whether a name is that of a Keras model: a .keras file, or a model of a project.

    Example:
        >>> is_foreign("keras_applications:MobileNetV2"), is_foreign("resnet50")
        (True, False)
    """
    return str(name).endswith(KERAS_FILE) or str(name).partition(":")[0] in PROJECTS


def list_models() -> list[str]:
    """The names of all architectures, sorted.

    Example:
        >>> "resnet50" in list_models()
        True
    """
    return sorted(_ARCHITECTURES)


def find_architecture(name: str) -> Architecture:
    """The architecture called `name`, or that of a Python file or Keras model, such as "my_net.py" or "my_net.keras".

    Raises:
        ValueError: If there is no such architecture, with the nearest name of its family, or if it is another file.
        FileNotFoundError: If there is no such file.

    Example:
        >>> find_architecture("resnet50").parameters
        25557032
    """
    if str(name).endswith(".py"):
        from imgcls.models.own_file import own_file

        return own_file(name).architecture
    if is_foreign(name):
        from imgcls.models.foreign.sources import foreign_architecture

        return foreign_architecture(name)
    if name in _ARCHITECTURES or name in _FOREIGN:
        return _ARCHITECTURES.get(name) or _FOREIGN[name]
    _check_no_file(str(name))
    close = _nearest(str(name).lower().replace("-", "_"))
    if close:
        raise ValueError(
            f"Unknown architecture {name!r}. Did you mean {close!r}? `python -m imgcls.models` lists them."
        )
    raise ValueError(
        f"Unknown architecture {name!r}, and there is none of its family: `python -m imgcls.models` lists those that "
        "there are. Any other network is a Keras model, --model my_net.keras or keras_applications:NAME, or a "
        "function in a file, --model my_net.py, which takes each Keras layer by net.apply: docs/guides/networks.md "
        "shows both."
    )


def _check_no_file(name: str) -> None:
    """Raise ValueError, with what to do, for the name of a file that holds no network as it is."""
    path = Path(name)
    if path.suffix in H5_FILES:
        raise ValueError(
            f"--model {name} is a file in HDF5: save a whole model as .keras, by keras.models.load_model({name!r})"
            f".save({path.stem + KERAS_FILE!r}), and name weights alone with their network, --model my_net.keras "
            f"--weights {name}."
        )
    if path.suffix in PYTORCH_FILES:
        raise ValueError(
            f"--model {name} is a file of weights: name their network too, --model NAME --weights {name}; "
            "`python -m imgcls.models` lists the names."
        )
    if path.is_file():
        raise ValueError(
            f"--model {name} is a file that imgcls does not take as a network: expected a .keras file, a .py file, or "
            "a name that `python -m imgcls.models` lists."
        )


def _nearest(name: str) -> str:
    """The name that is most like it, of the families that it can belong to; empty if it belongs to none."""
    from imgcls.models.weights.timm_networks import architecture_of

    if theirs := architecture_of(name):
        return theirs
    first, _, rest = name.partition("_")
    name = "_".join(filter(None, (ELSEWHERE.get(first, first), rest)))
    families: dict[str, list[str]] = {}
    for known in _ARCHITECTURES:
        families.setdefault(_family(known), []).append(known)
    if _family(name) in STRANGERS:
        return ""
    alike = difflib.get_close_matches(_family(name), families, n=3, cutoff=FAMILY_LIKENESS)
    members = [known for family in alike for known in families[family]]
    if not members and len(first) >= A_WORD:
        members = [known for known in _ARCHITECTURES if first in known]
    return nearest_name(name, members, cutoff=0.0)


def _family(name: str) -> str:
    """Its letters before the first number or underscore: resnet of resnet50, efficientnet of efficientnet_lite4."""
    return re.split(r"[\d_]", name, maxsplit=1)[0]
