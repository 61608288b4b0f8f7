"""The contract of an export format: what it writes of a classifier, and what answers when it is loaded.

A version of a bundle always holds a SavedModel, which TensorFlow Serving loads. Every other format that was asked for
lies in a folder of its own inside of the version, called by the format's name:

saved_models/flowers/3/
  saved_model.pb, variables/    the SavedModel
  assets/imgcls.json            class names, preprocessing, and what each format says of itself
  openvino/                     what the format "openvino" wrote
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.engines.engine import EMBEDDING, LOGITS, PROBABILITIES, Engine

if TYPE_CHECKING:
    import keras  # whoever serves a bundle does without
    import tensorflow as tf

FLOAT32, BFLOAT16, INT8 = "float32", "bfloat16", "int8"
PRECISIONS = (FLOAT32, BFLOAT16, INT8)
KEPT_IN_FLOAT32 = "judgement"  # layers with this in their name, whose thresholds 8 bits would move


class Explain(Protocol):
    """A function of TensorFlow's own operations that says why.

    Attributes:
        title: Of its method, such as "Grad-CAM".
        layer: The layer whose feature map it reads.
    """

    title: str

    @property
    def layer(self) -> str:
        """See above."""
        ...

    def __call__(self, pixels: "tf.Tensor", places: "tf.Tensor") -> "Mapping[str, tf.Tensor]":
        """Explain a class for each image.

        Args:
            pixels: (B, height, width, channels), float32 in [0, 255]; B is at least 1.
            places: (B,), int32, of the classes; -1 for the likeliest one.

        Returns:
            By name: place (B,) of the class, probability (B,), heat_map (B, height, width), picture_bytes (B,), a PNG
            file, and problem (B,), "" or why the map says nothing.
        """
        ...


@dataclass(frozen=True)
class ExportedClassifier:
    """What is exported.

    Attributes:
        model: From pixels (B, height, width, channels), float32 in [0, 255], to probabilities (B, K); channels_last.
        embedding: From the same pixels to features (B, D), with the same layers.
        logits: From the same pixels to the scores (B, K) before the softmax; None where nobody asks for them.
        judgement: From the same pixels to what was fitted after training says, by the names of
            `imgcls.engines.engine.JUDGEMENT`; empty where nothing was.
        judgement_facts: What assets/imgcls.json says of it.
        class_names: The K names of the outputs, in order.
        preprocessing: How image files become the pixels.
        architecture: The name of the network.
        config: The configuration of the run, as TOML.
        licence: The licence of the data that the network was trained on.
        multi_label: Whether an image has any number of the classes; each probability stands by itself then.
        drift_reference: What validation images looked like, as assets/drift.json holds it; empty where there is none.
        network: What assets/network.json holds besides the keys of the weights of `model`; empty where gradients are
            not wanted.
        explain: What the signature "explanation" computes; None for a bundle without it.
        calibration: (N, height, width, channels), pixels of validation images, of which int8 takes the ranges of its
            numbers; None where no format in int8 is written.
        in_bfloat16: Makes the same classifier with layers that compute in bfloat16; None where nobody asks for it.
    """

    model: "keras.Model"
    embedding: "keras.Model"
    class_names: Sequence[str]
    preprocessing: Preprocessing
    logits: "keras.Model | None" = None
    judgement: Mapping[str, "keras.Model"] = field(default_factory=dict)
    judgement_facts: Mapping[str, object] = field(default_factory=dict)
    architecture: str = ""
    config: str = ""
    licence: str = ""
    multi_label: bool = False
    drift_reference: Mapping[str, object] = field(default_factory=dict)
    network: Mapping[str, object] = field(default_factory=dict)
    explain: Explain | None = None
    calibration: np.ndarray | None = None
    in_bfloat16: "Callable[[], ExportedClassifier] | None" = None

    @property
    def outputs(self) -> dict[str, "keras.Model"]:
        """All that is computed of pixels, by the names of `imgcls.engines.engine`."""
        logits = {} if self.logits is None else {LOGITS: self.logits}
        return {PROBABILITIES: self.model, EMBEDDING: self.embedding, **logits, **self.judgement}

    @property
    def layer_names(self) -> list[str]:
        """The names of the network's layers, and of those of networks inside of it."""
        return list(_layer_names(self.model))

    @property
    def calibration_pixels(self) -> np.ndarray:
        """`calibration`. Raises ValueError where there is none."""
        if self.calibration is None or not len(self.calibration):
            raise ValueError(
                "int8 needs validation images, of which it takes the ranges of its numbers; there are none."
            )
        return self.calibration


def _layer_names(model: "keras.Model") -> Iterator[str]:
    for layer in model.layers:
        yield layer.name
        if hasattr(layer, "layers"):
            yield from _layer_names(layer)


@dataclass(frozen=True)
class Package:
    """An optional package that a format needs.

    Attributes:
        module: The name that Python imports.
        install: The command that installs it.
    """

    module: str
    install: str


class ExportFormat(Protocol):
    """One format of exported classifiers.

    Attributes:
        name: The name after `--format` and of the folder in a version: lower case letters, digits and "_".
        title: The name that a sentence uses, such as "OpenVINO IR".
        needs: The package that writing and loading need; None where the core's packages do.
    """

    name: str
    title: str
    needs: Package | None

    def write(self, folder: Path, classifier: ExportedClassifier) -> Mapping[str, object]:
        """Write the classifier.

        The bundle is renamed to its version after all formats were written and proved, so a format need not care
        about being interrupted.

        Args:
            folder: An empty folder that is there.
            classifier: What is exported. `model` is needed; `embedding` where the format can hold two outputs.

        Returns:
            What `assets/imgcls.json` shall say of it, in values that JSON knows. It may be empty.
        """
        ...

    def load(self, folder: Path) -> Engine:
        """Load what `write` wrote, also in another process on another machine.

        The answers are compared with those of the run's model when the bundle is written. No probability may differ
        by more than 1e-4, or the bundle is not kept.

        Args:
            folder: The folder that `write` filled.

        Returns:
            An engine with the output "probabilities", in the order of the exported class names; and the others of
            `ExportedClassifier.outputs` where the format holds them.

        Raises:
            ValueError: If the folder does not hold what `write` wrote. The sentence says what to do.
        """
        ...


class FormatInPrecisions(ExportFormat, Protocol):
    """A format that also knows precisions below float32.

    Attributes:
        precisions: Those that it has besides float32, of `PRECISIONS`.
    """

    precisions: tuple[str, ...]

    def in_precision(self, precision: str) -> ExportFormat:
        """The same format in another precision.

        It is a format of its own, called "<name>-<precision>", and its `write` and `load` are those of any format. Its
        probabilities may differ from the model's; what is measured is how many test images it names rightly.

        Args:
            precision: One of `precisions`.
        """
        ...


def check_package(form: ExportFormat) -> None:
    """Raise ValueError if the package that a format needs is not installed."""
    if form.needs and find_spec(form.needs.module) is None:
        raise ValueError(f"The format {form.name!r} needs the package {form.needs.module}: {form.needs.install}")
