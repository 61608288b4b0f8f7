"""Which network to take, in words, by what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.models.weights.named import named_weights
from imgcls.run_folder import free_name
from imgcls.workflow.benchmark.latency import ROUNDS
from imgcls.workflow.benchmark.measurement import ACCURACY, Measurement, metric_title
from imgcls.workflow.benchmark.network import RANDOM, short_name
from imgcls.workflow.benchmark.request import ENGINES, BenchmarkRequest

TITLES = {"tensorflow": "TensorFlow", "openvino": "OpenVINO", "onnx": "ONNX Runtime", "litert": "LiteRT"}
LONGER = {  # what may make networks better, by how they were trained
    "probe": "Train them with --train short or full, or measure other networks with --models.",
    "short": "Train them longer, with --train full, or measure other networks with --models.",
    "full": "Measure other networks with --models.",
}


@dataclass(frozen=True)
class Recommendation:
    """What to take.

    Attributes:
        best: The network on its engine; None if none can be recommended.
        sentences: Why.
        commands: What to type, in this order.
    """

    best: Measurement | None
    sentences: tuple[str, ...]
    commands: tuple[str, ...]


def recommend(rows: Sequence[Measurement], request: BenchmarkRequest) -> Recommendation:
    """Recommend a network: the fastest one of those that the images cannot tell from the most accurate one.

    Networks whose weights are random and untrained are not recommended by their accuracy, which says nothing of what
    they would reach.

    Args:
        rows: Of one set of images on one machine.
        request: With the limits, which measured figures have to keep.
    """
    within = fastest(rows, request)
    judged = [row for row in within if row.is_judged and not row.is_random]
    if not judged:
        return _of_none(within, rows, request)
    top = max(judged, key=lambda row: row.accuracy)
    enough = [row for row in judged if request.to_accuracy and row.accuracy >= request.to_accuracy]
    alike = enough or [row for row in judged if row.accuracy_high >= top.accuracy]
    best = min(alike, key=lambda row: row.latency_ms)
    sentences = [_none_reaches(top, request)] if request.to_accuracy and not enough else []
    sentences += [f"Take {short_name(best.model)} on {TITLES[best.engine]}: {figures(best)}."]
    equals = [row for row in judged if row.accuracy == best.accuracy and row is not best]
    sentences += _why(best, top, equals, bool(enough), request)
    sentences += _no_better_than_guessing(best, request)
    sentences += [*_left_out(within, rows, request)]
    return Recommendation(best, tuple(sentences), _commands(best, request))


def fastest(rows: Sequence[Measurement], request: BenchmarkRequest | None = None) -> list[Measurement]:
    """The row of each network on its fastest engine, in the order of the networks.

    Args:
        rows: Of one set of images on one machine.
        request: Rows outside its limits are left out; None for no limits.
    """
    found: dict[str, Measurement] = {}
    for row in rows:
        if not row.is_timed or (request and not is_within(row, request)):
            continue
        if row.model not in found or row.latency_ms < found[row.model].latency_ms:
            found[row.model] = row
    return list(found.values())


def is_within(row: Measurement, request: BenchmarkRequest) -> bool:
    """Whether the measured latency and size are within the limits."""
    fast = not request.at_most_ms or row.latency_ms <= request.at_most_ms
    return fast and (not request.at_most_mb or row.size_mb <= request.at_most_mb)


def figures(row: Measurement) -> str:
    """What was measured of a network on an engine, as a part of a sentence."""
    accuracy = ""
    if row.is_judged:
        value = f"{100 * row.accuracy:.1f} % ({100 * row.accuracy_low:.1f} to {100 * row.accuracy_high:.1f})"
        images, by = counted(row.judged_images, "image"), f"by {row.how}; "
        accuracy = f"{value} of {images} right, {by}"
        if row.metric != ACCURACY:
            accuracy = f"{metric_title([row])} {value} on {images}, {by}"
    return (
        f"{accuracy}{row.latency_ms:.1f} ms an image with its decoding (19 of 20 within {row.latency_p95_ms:.1f} ms), "
        f"{row.images_per_second:,.0f} images/s, {row.size_mb:.1f} MB on the disk"
    )


def _why(
    best: Measurement, top: Measurement, equals: Sequence[Measurement], enough: bool, request: BenchmarkRequest
) -> list[str]:
    """Why it is this one. equals: The others that are exactly as accurate, which are slower."""
    most = "most accurate" if top.metric == ACCURACY else "best"
    reach = [f"It is the fastest that reaches {100 * request.to_accuracy:g} %."] if enough else []
    if best.accuracy == top.accuracy:
        if equals:
            good = "accurate" if top.metric == ACCURACY else "good"
            return [*reach, f"It is as {good} as {listed([short_name(row.model) for row in equals])}, and faster."]
        return reach or [f"It is the {most} of those that were measured."]
    times = top.latency_ms / best.latency_ms
    other = f"{short_name(top.model)}, has {100 * top.accuracy:.1f} %"
    slower = f"and takes {times:.1f} times as long" if times >= 1.05 else "and is no faster"
    if enough:
        return [*reach, f"The {most}, {other} {slower}."]
    return [
        f"The {most}, {other}, which {counted(best.judged_images, 'image')} cannot tell from it for sure, {slower}."
    ]


def _no_better_than_guessing(best: Measurement, request: BenchmarkRequest) -> list[str]:
    """That an accuracy is that of a guess, by its interval; mean average precision is not compared with one."""
    if best.metric != ACCURACY or best.accuracy_low > 1 / best.classes:
        return []
    return [
        f"It may be no better than guessing, which is right for {100 / best.classes:.1f} % with "
        f"{counted(best.classes, 'class')}. Use more images. {LONGER[request.train]}"
    ]


def _none_reaches(top: Measurement, request: BenchmarkRequest) -> str:
    """That the accuracy that is wanted was not reached, by how much, and what may reach it."""
    limited = " within the limits" if request.at_most_ms or request.at_most_mb else ""
    return (
        f"No network{limited} reaches {100 * request.to_accuracy:g} %; {short_name(top.model)} comes nearest, with "
        f"{100 * top.accuracy:.1f} %. {LONGER[request.train]}"
    )


def _left_out(within: Sequence[Measurement], rows: Sequence[Measurement], request: BenchmarkRequest) -> list[str]:
    """Which networks had no part in the choice, and why; and which were timed too briefly."""
    said = []
    if random := [short_name(row.model) for row in within if row.is_random]:
        metric = metric_title(within)
        verb = "has" if len(random) == 1 else "have"
        weights = "random weights by --weights none" if request.weights == RANDOM else "no trained weights here"
        said.append(
            f"{listed(random)} {verb} {weights}, so that the {metric} is that of random features and has "
            "no part in the choice; --train short trains every network a little."
        )
    return [*said, *_outside(within, rows), *_timed_briefly(within)]


def _outside(within: Sequence[Measurement], rows: Sequence[Measurement]) -> list[str]:
    known = {row.model for row in within}
    outside = [short_name(row.model) for row in fastest(rows) if row.model not in known]
    return [f"Outside the limits by what was measured: {listed(outside)}."] if outside else []


def _timed_briefly(within: Sequence[Measurement]) -> list[str]:
    begun = [short_name(row.model) for row in within if row.rounds < ROUNDS]
    if not begun:
        return []
    return [
        f"Timed in fewer than {ROUNDS} rounds, so that the milliseconds are less sure: {listed(begun)}. The same "
        f"command again times {'it' if len(begun) == 1 else 'them'} anew."
    ]


def _of_none(within: Sequence[Measurement], rows: Sequence[Measurement], request: BenchmarkRequest) -> Recommendation:
    if not within:
        what = "No network is within the limits." if fastest(rows) else "No network could be measured."
        return Recommendation(None, (what, *_outside(within, rows)), ())
    quickest = min(within, key=lambda row: row.latency_ms)
    sentences = (
        f"No network can be recommended by its {metric_title(within)}: {_why_none(within, request)}.",
        f"The fastest is {short_name(quickest.model)} on {TITLES[quickest.engine]}: {figures(quickest)}.",
        *_outside(within, rows),
        *_timed_briefly(within),
    )
    trained = replace(
        request,
        models=tuple(row.model for row in within),
        preprocessing=tuple(f"{row.model}={row.preprocessing}" for row in within if row.preprocessing),
        train="short" if request.train == "probe" else request.train,
        again=False,
    )
    return Recommendation(None, sentences, (command_line("benchmark", request.data, *trained.flags()),))


def _why_none(within: Sequence[Measurement], request: BenchmarkRequest) -> str:
    if not any(row.is_random for row in within):
        return "it was found of none"
    if request.weights == RANDOM:
        return "--weights none was asked for, so that their features are random"
    return "none has trained weights here"


def _commands(best: Measurement, request: BenchmarkRequest) -> tuple[str, ...]:
    """What trains and exports the network."""
    train = ["--data", request.data, "--model", best.model]
    if best.preprocessing:
        train += ["--preprocessing", best.preprocessing]
    if request.image_size:
        train += ["--image-size", str(request.image_size)]
    if request.weights == RANDOM or named_weights(best.weights):
        train += ["--weights", best.weights]
    if request.seed:
        train += ["--seed", str(request.seed)]
    if str(request.runs) != "runs":
        train += ["--runs", str(request.runs)]
    name = free_name(request.runs, request.data, best.model)
    export = [str(request.runs / name)]
    if best.engine != "tensorflow":
        export += ["--format", ENGINES[best.engine]]
    return command_line("train", *train, "--name", name), command_line("export", *export)


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    Example:
        >>> listed(["a", "b", "c"])
        'a, b and c'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
