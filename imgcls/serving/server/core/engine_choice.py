"""Which engine computes the network of a bundle on a server, and the proof that its answers are those of the bundle.

OpenVINO computes the same network two to four times as fast on processors of Intel. It is taken if it gives the same
numbers on the images of the warm-up file, and if it is asked for or faster.
"""

import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from imgcls.engines.agreement import LARGEST_DIFFERENCE, difference
from imgcls.engines.engine import Engine, Outputs
from imgcls.serving.details import read_details
from imgcls.serving.formats.openvino import FILE
from imgcls.serving.formats.saved_model import SavedModelEngine
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.server.core.conversion import convert_apart
from imgcls.serving.signatures import IMAGE_BYTES, PIXELS, PREPROCESS

log = logging.getLogger(__name__)
TENSORFLOW, OPENVINO, AUTO = "tensorflow", "openvino", "auto"
ENGINES = (AUTO, TENSORFLOW, OPENVINO)
ROUNDS = 5  # of timing each engine
COMPARED_TOGETHER = 4  # images; OpenVINO keeps the memory of the largest batch that it ever computed, 10 MB an image
STREAMS = 2  # batches at a time; on two cores that takes a fifth less processor time than one after the other


@dataclass(frozen=True)
class ChosenEngine:
    """What computes a network.

    Attributes:
        engine: The engine.
        why: Why it was chosen, as a sentence.
    """

    engine: Engine
    why: str


def choose_engine(model: LoadedModel, version: Path, wanted: str, pixels: Callable[[], np.ndarray]) -> ChosenEngine:
    """Choose the engine for a bundle.

    Args:
        model: The SavedModel of the bundle.
        version: Its folder.
        wanted: "tensorflow", "openvino", or "auto" for the faster one of those that are installed.
        pixels: Gives those on which the engines are compared, (B, H, W, C). Nobody asks for them where there is no
            choice.

    Returns:
        The engine, and why.

    Raises:
        ValueError: If OpenVINO is asked for, and is not installed or gives other numbers.
    """
    given = SavedModelEngine(model, read_details(version)["class_names"])
    if wanted == TENSORFLOW:
        return ChosenEngine(given, "TensorFlow computes the network, as asked for.")
    try:
        other = load_openvino(version)
        compared = pixels()
        check_equal(given, other, compared)
    except ValueError as error:
        if wanted == OPENVINO:
            raise
        return ChosenEngine(given, f"TensorFlow computes the network: {error}")
    if wanted == OPENVINO:
        return ChosenEngine(other, "OpenVINO computes the network, as asked for.")
    ours, theirs = _milliseconds((given, other), compared[:1])
    figures = f"an image takes {theirs:.1f} ms with OpenVINO and {ours:.1f} ms with TensorFlow"
    faster, name = (other, "OpenVINO") if theirs < ours else (given, "TensorFlow")
    return ChosenEngine(faster, f"{name} computes the network: {figures}.")


def load_openvino(version: Path) -> Engine:
    """OpenVINO's network from the bundle's folder openvino/, or converted from its signature "outputs".

    Raises:
        ValueError: If OpenVINO is not installed, or does not know an operation of the network.
    """
    if find_spec("openvino") is None:
        raise ValueError("OpenVINO is not installed: pip install imgcls[openvino]")
    from imgcls.engines.openvino import OpenVINOEngine, read_network

    if (version / OPENVINO).is_dir():
        return OpenVINOEngine(read_network(version / OPENVINO / FILE), streams=STREAMS)
    with tempfile.TemporaryDirectory(prefix="imgcls-") as folder:
        convert_apart(version, Path(folder) / FILE)
        return OpenVINOEngine(read_network(Path(folder) / FILE), streams=STREAMS)


def check_equal(given: Engine, other: Engine, pixels: np.ndarray) -> None:
    """Check that two engines compute the same.

    Raises:
        ValueError: If an output differs by more than 1e-4: of a probability, or of its largest value.
    """
    for begin in range(0, len(pixels), COMPARED_TOGETHER):
        some = pixels[begin : begin + COMPARED_TOGETHER]
        _check_outputs(given.predict(some), other.predict(some), other.name)


def _check_outputs(expected: Outputs, found: Outputs, name_of_other: str) -> None:
    for name, values in expected.items():
        if name not in found:
            raise ValueError(f"{name_of_other} lacks the output {name!r}. Export the run again.")
        if values.dtype != np.float32:  # decisions, which follow from the others
            continue
        largest = difference(values, found[name])
        if largest > LARGEST_DIFFERENCE:
            raise ValueError(
                f"{name_of_other} differs from the bundle by {largest:.1e} in {name!r}; expected at most "
                f"{LARGEST_DIFFERENCE:.0e}. Serve it with --engine tensorflow."
            )


def comparison_pixels(model: LoadedModel, requests: Sequence[tuple[str, dict[str, object]]]) -> np.ndarray:
    """The pixels of the images in warm-up requests; noise where there are none.

    Returns:
        (B, H, W, C), float32 in [0, 255].
    """
    sent = [inputs[IMAGE_BYTES] for _, inputs in requests if IMAGE_BYTES in inputs]
    if sent:
        images: Any = max(sent, key=len)  # type: ignore[arg-type]
        parts = [images[begin : begin + COMPARED_TOGETHER] for begin in range(0, len(images), COMPARED_TOGETHER)]
        return np.concatenate([model.run(PREPROCESS, {IMAGE_BYTES: part})[PIXELS] for part in parts])
    shape = [dim.size for dim in model.signature_defs[PIXELS].inputs[PIXELS].tensor_shape.dim[1:]]
    return np.random.default_rng(0).uniform(0, 255, (2, *shape)).astype(np.float32)


def _milliseconds(engines: Sequence[Engine], pixels: np.ndarray) -> list[float]:
    """The median of each engine's time, by turns, so that what else the machine does is shared."""
    rounds = [[_seconds(partial(engine.predict, pixels)) for engine in engines] for _ in range(ROUNDS)]
    return [1000 * statistics.median(times) for times in zip(*rounds, strict=True)]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
