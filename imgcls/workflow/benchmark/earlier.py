"""What earlier benchmarks have measured already, which is not measured again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from imgcls.models.weights.named import named_weights
from imgcls.training.auto_settings import resolve
from imgcls.workflow.benchmark.accuracy import Accuracy
from imgcls.workflow.benchmark.images import BenchmarkImages
from imgcls.workflow.benchmark.latency import ROUNDS
from imgcls.workflow.benchmark.measured_network import accuracy_of, first_row
from imgcls.workflow.benchmark.measurement import Measurement
from imgcls.workflow.benchmark.network import RANDOM, RANDOM_WANTED, network_config, quietly
from imgcls.workflow.benchmark.request import BenchmarkRequest


class Earlier:
    """The rows of earlier benchmarks that answer a request.

    Args:
        request: What is asked for.
        engines: The versions of the engines that are measured, by their names.

    Attributes:
        complete: Rows that were measured in all rounds.
        begun: Rows of benchmarks that ended before their last round.
    """

    def __init__(self, request: BenchmarkRequest, engines: Mapping[str, str]) -> None:
        self.request, self.engines = request, engines
        self.complete: list[Measurement] = []
        self.begun: list[Measurement] = []

    def engines_left(self, images: BenchmarkImages, name: str, rows: Sequence[Measurement]) -> list[str]:
        """The engines on which a network was not measured in all rounds; the rows of the others are taken over.

        Args:
            images: On which it is to be measured.
            name: Of the network.
            rows: Of all benchmarks, the oldest first.
        """
        if self.request.again or name.endswith((".py", ".keras")):  # whose content may have changed
            return list(self.engines)
        try:
            with quietly():
                settled = resolve(
                    network_config(self.request, name, self.request.weights, images.task), images.manifest
                )
        except Exception:  # which its row will tell
            return list(self.engines)
        facts = first_row(self.request, images, name, "")
        facts = replace(facts, image_size=settled.input.image_size, weights=settled.network.weights)
        known = most_sure(rows)
        left = []
        for engine, engine_version in self.engines.items():
            asked = replace(facts, engine=engine, engine_version=engine_version)
            found = known.get(asked.subject) or _without_weights(known, asked)
            if found is not None and found.rounds >= ROUNDS:
                self.complete.append(found)
                continue
            left.append(engine)
            if found is not None:
                self.begun.append(found)
        return left

    def accuracy(self, facts: Measurement) -> Accuracy | None:
        """Of a network that an earlier benchmark has judged and not timed to the end."""
        same = (row for row in self.begun if (row.model, row.weights) == (facts.model, facts.weights))
        return next(map(accuracy_of, same), None)


def _without_weights(known: Mapping[tuple[str, ...], Measurement], asked: Measurement) -> Measurement | None:
    """The row of a network whose weights could not be had; they are not asked for again, which `--again` does.

    Weights that are here now are another matter, and so are those that were named.
    """
    if named_weights(asked.weights):
        return None
    row = known.get(replace(asked, weights=RANDOM).subject)
    return None if row is None or row.why_random == RANDOM_WANTED else row


def most_sure(rows: Sequence[Measurement]) -> dict[tuple[str, ...], Measurement]:
    """By its subject, the newest row that has all its figures, unless an earlier one was timed in more rounds.

    Args:
        rows: The oldest first.
    """
    found: dict[tuple[str, ...], Measurement] = {}
    for row in rows:
        earlier = found.get(row.subject, row)
        if row.is_timed and row.is_judged and not row.problem and row.rounds >= min(earlier.rounds, ROUNDS):
            found[row.subject] = row
    return found
