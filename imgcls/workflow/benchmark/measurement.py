"""What was measured of one network on one engine, beside what its authors published: a row of the table."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from imgcls.metrics import METRICS

NAN = float("nan")
ACCURACY = "accuracy"
SHORT_TITLES = {"macro_average_precision": "mAP"}


@dataclass(frozen=True)
class Measurement:
    """A row. Numbers that were not measured are NaN.

    Attributes:
        run: Of the benchmark that measured it: date and time of its start, UTC.
        date: When it was measured, UTC.
        machine: Processor, cores and vector units.
        imgcls: Version.
        tensorflow: Version.
        keras: Version.
        engine: Name of the engine, such as "openvino".
        engine_version: Of its package.
        data: What the user called the images.
        fingerprint: Of the images and their labels.
        images: How many there are outside the test.
        classes: Number of classes.
        model: Name of the network.
        preprocessing: The pixels that the user named for it; empty if they are known.
        weights: Name of its weights; "none" for random ones.
        why_random: Why they are random, as a sentence; empty if they are not.
        train: How its accuracy was found: "probe", "short" or "full".
        how: The same in more words.
        image_size: Pixels of a side.
        parameters: Trainable numbers, by the formulas.
        macs: MACs for one image, by the formulas; NaN where they know not all of its layers.
        metric: What the accuracy is, a name of `imgcls.metrics.METRICS`: the share of images that are named rightly, or
            macro average precision where an image may have several classes.
        accuracy: The value of the metric, 0 to 1.
        accuracy_low: Lower end of its 95 % interval.
        accuracy_high: Upper end of it.
        judged_images: On which it was measured.
        train_seconds: What the training took.
        reached: JSON: [[seconds, accuracy], ...] of the training.
        latency_ms: Median of an image, from the bytes of its file to the probabilities.
        latency_p95_ms: 95th percentile.
        latency_low_ms: Median of the fastest round.
        latency_high_ms: Median of the slowest round.
        network_ms: Median of the part of it that the network takes, just after the image was decoded.
        network_alone_ms: Median of the network in a loop of its own, as an engine's own benchmark measures it.
        rounds: Of the timing.
        calls: That were timed.
        images_per_second: At the best batch.
        best_batch: Images in it.
        peak_memory_mb: Of a process that loads the bundle and names images one by one.
        memory_base_mb: Of a process that only imports what the others import.
        size_mb: Of what the engine loads, on the disk.
        published_top1: Accuracy in percent on `published_on`, by its authors.
        published_parameters: By its authors.
        published_on: Data and place of the published figures.
        problem: Why it could not be measured; empty if it could.
        note: Why its accuracy was left out, such as a latency over the limit; empty if it was not.
    """

    run: str
    date: str
    machine: str
    imgcls: str
    tensorflow: str
    keras: str
    engine: str
    engine_version: str
    data: str
    fingerprint: str
    images: int
    classes: int
    model: str
    preprocessing: str = ""
    weights: str = ""
    why_random: str = ""
    train: str = "probe"
    how: str = ""
    image_size: int = 0
    parameters: float = NAN
    macs: float = NAN
    metric: str = ACCURACY
    accuracy: float = NAN
    accuracy_low: float = NAN
    accuracy_high: float = NAN
    judged_images: int = 0
    train_seconds: float = NAN
    reached: str = "[]"
    latency_ms: float = NAN
    latency_p95_ms: float = NAN
    latency_low_ms: float = NAN
    latency_high_ms: float = NAN
    network_ms: float = NAN
    network_alone_ms: float = NAN
    rounds: int = 0
    calls: int = 0
    images_per_second: float = NAN
    best_batch: int = 0
    peak_memory_mb: float = NAN
    memory_base_mb: float = NAN
    size_mb: float = NAN
    published_top1: float = NAN
    published_parameters: float = NAN
    published_on: str = ""
    problem: str = ""
    note: str = ""

    @property
    def is_random(self) -> bool:
        """Whether its accuracy is that of features that nobody has trained."""
        return self.weights == "none" and self.train == "probe"

    @property
    def is_timed(self) -> bool:
        """Whether its latency was measured."""
        return self.latency_ms == self.latency_ms

    @property
    def is_judged(self) -> bool:
        """Whether its accuracy was measured."""
        return self.accuracy == self.accuracy

    @property
    def subject(self) -> tuple[str, ...]:
        """What the figures are of: another row with the same is another measurement of the same."""
        names = ("machine", "imgcls", "tensorflow", "engine", "engine_version", "fingerprint", "model", "train")
        return (*(str(getattr(self, name)) for name in names), self.preprocessing, self.weights, str(self.image_size))

    def seconds_to(self, accuracy: float) -> float | None:
        """The seconds of training after which an accuracy was reached; None if it was not."""
        times = [seconds for seconds, value in json.loads(self.reached) if value >= accuracy]
        return min(times, default=None)

    def to_dict(self) -> dict[str, Any]:
        """The row as the table of measurements holds it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def metric_title(rows: Sequence[Measurement]) -> str:
    """What the metric of measurements is called: "accuracy", or "mAP".

    Args:
        rows: Of one set of images, which have one metric.
    """
    name = rows[0].metric if rows else ACCURACY
    return SHORT_TITLES.get(name, METRICS[name].title)
