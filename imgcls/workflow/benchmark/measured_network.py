"""One network of a benchmark while it is measured: its rows, which fill step by step."""

import json
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version

import tensorflow as tf

import imgcls
from imgcls.models.registry import find_architecture
from imgcls.processor import describe as describe_processor
from imgcls.workflow.benchmark.accuracy import Accuracy, Judged
from imgcls.workflow.benchmark.images import BenchmarkImages
from imgcls.workflow.benchmark.latency import Loaded
from imgcls.workflow.benchmark.measurement import NAN, Measurement
from imgcls.workflow.benchmark.network import RANDOM, BuiltNetwork, network_config
from imgcls.workflow.benchmark.request import BenchmarkRequest

LONGEST_PROBLEM = 300  # characters


@dataclass
class Measured:
    """One network of this benchmark.

    Attributes:
        facts: What each of its rows says.
        rows: By engine, without the timings.
        loaded: Its bundle; None if it could not be made.
    """

    facts: Measurement
    rows: dict[str, Measurement]
    loaded: Loaded | None = None

    def measurements(self) -> list[Measurement]:
        """Its rows with the timings so far; one without an engine if nothing of it could be measured."""
        timings = self.loaded.timings if self.loaded else {}
        return [
            replace(row, **timings[engine].to_dict()) if engine in timings and timings[engine].rates else row  # type: ignore[arg-type]
            for engine, row in self.rows.items()
        ] or [self.facts]

    def without_problem(self) -> list[str]:
        """The engines that run it."""
        return [engine for engine, row in self.rows.items() if not row.problem]

    def latencies(self) -> dict[str, float]:
        """Milliseconds by the engines that were timed."""
        return {row.engine: row.latency_ms for row in self.measurements() if row.is_timed}

    def sizes(self) -> dict[str, float]:
        """Megabytes by the engines that were timed."""
        return {row.engine: row.size_mb for row in self.measurements() if row.is_timed}


def first_row(request: BenchmarkRequest, images: BenchmarkImages, name: str, run: str) -> Measurement:
    """What is known of a network before it is measured.

    Args:
        request: Of the benchmark.
        images: On which it is measured.
        name: Of the network.
        run: Of the benchmark.
    """
    architecture = find_architecture(name)
    return Measurement(
        run=run,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        machine=describe_processor(),
        imgcls=imgcls.__version__,
        tensorflow=tf.__version__,
        keras=version("keras"),
        engine="",
        engine_version="",
        data=images.name,
        fingerprint=images.fingerprint,
        images=len(images.rows),
        classes=len(images.class_names),
        model=name,
        preprocessing=network_config(request, name, RANDOM).network.preprocessing or "",
        train=request.train,
        published_top1=NAN if architecture.top1 is None else architecture.top1,
        published_parameters=float(architecture.parameters or "nan"),
        published_on=architecture.top1_source,
    )


def with_network(facts: Measurement, network: BuiltNetwork) -> Measurement:
    """A row with what is known of a network once it is built."""
    cost = network.cost
    return replace(
        facts,
        weights=network.weights,
        why_random=network.why,
        image_size=network.model.input_shape[1],
        parameters=float(cost.parameters),
        macs=NAN if cost.uncounted else float(cost.macs),
    )


def with_memory(row: Measurement, peak: float | RuntimeError) -> Measurement:
    """A row with the peak of the memory, or with the reason why its engine does not run."""
    if isinstance(peak, RuntimeError):
        return replace(row, problem=problem_of(peak))
    return replace(row, peak_memory_mb=peak)


def with_accuracy(row: Measurement, accuracy: Accuracy) -> Measurement:
    """A row with the accuracy of its network."""
    return replace(
        row,
        metric=accuracy.judged.metric,
        accuracy=accuracy.judged.value,
        accuracy_low=accuracy.judged.low,
        accuracy_high=accuracy.judged.high,
        judged_images=accuracy.images,
        how=accuracy.how,
        train_seconds=NAN if accuracy.train_seconds is None else accuracy.train_seconds,
        reached=json.dumps(accuracy.reached),
    )


def accuracy_of(row: Measurement) -> Accuracy:
    """The accuracy that `with_accuracy` has put into a row."""
    return Accuracy(
        Judged(row.metric, row.accuracy, row.accuracy_low, row.accuracy_high),
        row.judged_images,
        row.how,
        None if math.isnan(row.train_seconds) else row.train_seconds,
        tuple((seconds, value) for seconds, value in json.loads(row.reached)),
    )


def problem_of(error: BaseException) -> str:
    """The first line of what an error says."""
    said = (str(error).strip().splitlines() or [""])[0] or type(error).__name__
    return said[:LONGEST_PROBLEM]
