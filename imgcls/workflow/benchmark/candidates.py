"""Which networks are worth measuring, where the user names limits and no networks.

The registry's table of costs knows parameters, MACs and activations of every network. Three small networks are timed
on the fastest engine that is installed, and give this machine's speed: the time of a network is taken as its MACs
divided by one speed, and the bytes of its activations divided by another (a roofline: Williams, Waterman, Patterson,
Roofline, 2009), and a part that all have. What that foretells to be within the limits is ranked by its published
accuracy. The limits themselves are obeyed by what is measured afterwards.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import keras
import numpy as np
from scipy.optimize import nnls

from imgcls.counted import counted
from imgcls.engines.engine import PROBABILITIES, Engine
from imgcls.engines.tensorflow import TensorFlowEngine
from imgcls.models import build_model
from imgcls.models.cost import NetworkCost, describe
from imgcls.models.registry import Architecture, find_architecture, list_models
from imgcls.models.weights.here import weights_here
from imgcls.training.auto_settings import SMALL_IMAGE
from imgcls.workflow.benchmark.request import BenchmarkRequest

FLOAT_BYTES = 4
REFERENCES = {True: ("lenet5", "resnet20", "nin"), False: ("mobilenet_v3_small_075", "mobilenet_v2", "resnet18")}
SLACK = 1.3  # by which a network may seem too slow and is measured all the same; the forecast is no better
SIZE_SLACK = 1.02  # the same of its weights: files are up to 1 % smaller, with normalization folded into convolutions
CALLS, WARM_UP = 10, 3
A_FAMILY = 2  # networks at the most, before others have their turn
PROVEN_ON = {True: ("CIFAR-10", "MNIST"), False: ("ImageNet",)}  # whether the images are small: published on what


@dataclass(frozen=True)
class Candidates:
    """The networks to measure.

    Attributes:
        names: In the order in which they are measured.
        sentence: How they were chosen.
    """

    names: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Forecast:
    """What the table of costs foretells of a network.

    Attributes:
        architecture: The network.
        milliseconds: For one image; 0 where that is no matter.
        megabytes: Of its weights.
    """

    architecture: Architecture
    milliseconds: float
    megabytes: float

    @property
    def top1(self) -> float:
        """Published accuracy in percent."""
        return self.architecture.top1 or 0.0


def choose(
    request: BenchmarkRequest, shorter_side: float, classes: int, quick: Callable[[str, int], float] | None = None
) -> Candidates:
    """Choose networks by the limits.

    Args:
        request: With a limit.
        shorter_side: The median of the images' shorter sides, in pixels.
        classes: How many the images have, for which each network gets its last layer.
        quick: Times a network at an image size, in milliseconds; None for `quick_milliseconds`.

    Raises:
        ValueError: If no network can be within the limits.
    """
    small = shorter_side <= SMALL_IMAGE
    costs = _costs(request, small, classes)
    speed = _speed(request, small, quick or quick_milliseconds) if request.at_most_ms else None
    forecasts = [
        Forecast(find_architecture(name), speed(cost) if speed else 0.0, FLOAT_BYTES * cost.parameters / 1e6)
        for name, cost in costs.items()
    ]
    fitting = [each for each in forecasts if _may_fit(each, request)]
    if not fitting:
        raise ValueError(_none_fits(forecasts, request))
    chosen = ranked(fitting)[: request.candidates]
    return Candidates(tuple(each.architecture.name for each in chosen), _sentence(request, len(costs), fitting, chosen))


def ranked(forecasts: Sequence[Forecast]) -> list[Forecast]:
    """Those whose weights are here first, then by published accuracy; few of one family.

    Args:
        forecasts: Of the networks that fit.
    """
    here = {each.architecture.name: bool(weights_here(each.architecture)) for each in forecasts}
    order = sorted(forecasts, key=lambda each: (-here[each.architecture.name], -each.top1, each.milliseconds))
    first: list[Forecast] = []
    later: list[Forecast] = []
    taken: dict[str, int] = {}
    for each in order:
        is_here = here[each.architecture.name]
        build = each.architecture.build
        family = getattr(build, "func", build).__module__ + str(is_here)  # of a partial: the module of its function
        taken[family] = taken.get(family, 0) + 1
        (first if taken[family] <= A_FAMILY + is_here else later).append(each)
    return first + later


def roofline(costs: Sequence[NetworkCost], milliseconds: Sequence[float]) -> Callable[[NetworkCost], float]:
    """Fit the speed of a machine to networks that were timed on it.

    Args:
        costs: Of the networks.
        milliseconds: That each took for one image.

    Returns:
        From the cost of a network to the milliseconds that it may take.

    Example:
        >>> costs = [describe(name) for name in ("lenet5", "resnet20", "resnet56")]
        >>> time_of = roofline(costs, [cost.macs / 1e8 for cost in costs])
        >>> round(time_of(describe("resnet32")), 2)
        0.69
    """
    rows = np.array([_terms(cost) for cost in costs])
    times = np.array(milliseconds)
    factors, _ = nnls(rows / times[:, None], np.ones(len(times)))
    return lambda cost: float(_terms(cost) @ factors)


def quick_milliseconds(name: str, size: int) -> float:
    """The median time of a network for one image of noise on the fastest engine that is installed.

    Args:
        name: Of the network.
        size: Pixels of a side.
    """
    architecture = find_architecture(name)
    channels = architecture.channels
    model = build_model(name, (size, size, channels), num_classes=architecture.num_classes, weights="none")
    engine, pixels = _engine(model), np.random.default_rng(0).uniform(0, 255, (1, size, size, channels))
    batch, times = pixels.astype(np.float32), []
    for _ in range(CALLS + WARM_UP):
        began = time.perf_counter()
        engine.predict(batch)
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times[WARM_UP:])


def _engine(model: keras.Model) -> Engine:
    if find_spec("openvino") is None:
        return TensorFlowEngine({PROBABILITIES: model}, 1)
    from imgcls.engines.openvino import OpenVINOEngine
    from imgcls.engines.openvino_conversion import convert

    return OpenVINOEngine(convert({PROBABILITIES: model}))


def _costs(request: BenchmarkRequest, small: bool, classes: int) -> dict[str, NetworkCost]:
    """The costs of the networks that were published on images of this kind, at the size that they would get."""
    found = {}
    for name in list_models():
        architecture = find_architecture(name)
        if architecture.top1 is None or not architecture.top1_source.startswith(PROVEN_ON[small]):
            continue
        size = request.image_size or architecture.image_size
        try:
            found[name] = describe(name, (size, size, architecture.channels), classes)
        except ValueError:  # the images are too small for it
            continue
    return found


def _speed(
    request: BenchmarkRequest, small: bool, quick: Callable[[str, int], float]
) -> Callable[[NetworkCost], float]:
    costs, times = [], []
    for name in REFERENCES[small]:
        architecture = find_architecture(name)
        size = request.image_size or architecture.image_size
        costs.append(describe(name, (size, size, architecture.channels)))
        times.append(quick(name, size))
        keras.backend.clear_session()
    return roofline(costs, times)


def _terms(cost: NetworkCost) -> np.ndarray:
    return np.array([cost.macs / 1e9, cost.activation_bytes / 1e9, 1.0])


def _may_fit(forecast: Forecast, request: BenchmarkRequest) -> bool:
    fast = not request.at_most_ms or forecast.milliseconds <= SLACK * request.at_most_ms
    return fast and (not request.at_most_mb or forecast.megabytes <= SIZE_SLACK * request.at_most_mb)


def _none_fits(forecasts: Sequence[Forecast], request: BenchmarkRequest) -> str:
    smallest = min(forecasts, key=lambda each: each.megabytes)
    fastest = min(forecasts, key=lambda each: each.milliseconds)
    asked = _limits(request)
    said = f"the smallest, {smallest.architecture.name}, has {smallest.megabytes:.1f} MB of weights"
    if request.at_most_ms:
        said += f", and the fastest, {fastest.architecture.name}, may take {fastest.milliseconds:.1f} ms"
    return f"No network is within {asked}: {said}. Allow more, or name networks with --models."


def _limits(request: BenchmarkRequest) -> str:
    parts = [f"{request.at_most_ms:g} ms"] * bool(request.at_most_ms) + [f"{request.at_most_mb:g} MB"] * bool(
        request.at_most_mb
    )
    return " and ".join(parts)


def _sentence(request: BenchmarkRequest, known: int, fitting: Sequence[Forecast], chosen: Sequence[Forecast]) -> str:
    how = "their parameters"
    if request.at_most_ms:
        how = f"{how}, MACs and activations, and the speed of three small networks on this machine"
    return (
        f"Of {counted(known, 'network')} {len(fitting)} may be within {_limits(request)}, by {how}. The {len(chosen)} "
        "with the best published accuracy are measured, those first whose weights are here: "
        f"{', '.join(each.architecture.name for each in chosen)}."
    )


def over_limits(request: BenchmarkRequest, milliseconds: Mapping[str, float], megabytes: Mapping[str, float]) -> str:
    """Why no engine keeps a network within the limits, by what was measured; empty if one does.

    Args:
        request: With the limits.
        milliseconds: The median latency on each engine.
        megabytes: The size on the disk for each engine.
    """
    within = [
        engine
        for engine, time_of_one in milliseconds.items()
        if not (request.at_most_ms and time_of_one > request.at_most_ms)
        and not (request.at_most_mb and megabytes[engine] > request.at_most_mb)
    ]
    if within or not milliseconds:
        return ""
    return (
        f"over the limit: at best {min(milliseconds.values()):.1f} ms and {min(megabytes.values()):.1f} MB, and "
        f"{_limits(request)} are allowed"
    )
