"""Measures networks on these images and this machine, keeps every figure, and says which one to take.

Of each network in turn: the bundle is written, its memory is found in a process of its own, its engines are timed a
first time, and its accuracy is found. Then further rounds of timing go through all networks and engines in turns.
"""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import keras

from imgcls.counted import counted
from imgcls.data.images.encoded import read_encoded
from imgcls.progress import Progress, ProgressFunction, no_progress
from imgcls.workflow.benchmark import memory
from imgcls.workflow.benchmark.accuracy import Accuracy
from imgcls.workflow.benchmark.bundle import installed_engines, megabytes, write_measured_bundle
from imgcls.workflow.benchmark.candidates import choose, over_limits
from imgcls.workflow.benchmark.deadline import Deadline
from imgcls.workflow.benchmark.earlier import Earlier
from imgcls.workflow.benchmark.freed_memory import give_back_memory
from imgcls.workflow.benchmark.images import BenchmarkImages, load_images
from imgcls.workflow.benchmark.interruption import Interruption
from imgcls.workflow.benchmark.latency import ROUNDS, Loaded
from imgcls.workflow.benchmark.measured_network import (
    Measured,
    first_row,
    problem_of,
    with_accuracy,
    with_memory,
    with_network,
)
from imgcls.workflow.benchmark.measurement import NAN, Measurement
from imgcls.workflow.benchmark.measurements_file import MeasurementsFile
from imgcls.workflow.benchmark.network import BuiltNetwork, build, check_pixels, short_name
from imgcls.workflow.benchmark.outcome import Outcome
from imgcls.workflow.benchmark.probe import linear_probe
from imgcls.workflow.benchmark.recommendation import TITLES, figures
from imgcls.workflow.benchmark.request import BenchmarkRequest
from imgcls.workflow.benchmark.trained import TimeIsUpError, trained_accuracy

TIMED_IMAGES = 16  # files of the data, which are named in turn
WRITING, MEMORY, TURN, ACCURACY = 4, 2, 1, 3  # how long the steps take, beside each other
FIRST = WRITING + MEMORY + TURN + ACCURACY
log = logging.getLogger(__name__)


class Benchmark:
    """A benchmark of networks, whose measurements are added to those that are in its folder.

    Args:
        request: What is asked for.

    Attributes:
        file: The measurements of all benchmarks.
        engines: The versions of the engines that are measured, by their names.

    Raises:
        ValueError: If a network or an engine is unknown, if the pixels of a network are not known, or if an engine that
            was asked for is not installed.

    Example:
        ::

            benchmark = Benchmark(BenchmarkRequest("photos", models=("efficientnet_lite0", "resnet18")))
            outcome = benchmark.measure()
            print(outcome.recommendation.sentences[0])
    """

    def __init__(self, request: BenchmarkRequest) -> None:
        check_pixels(request)
        self.request, self.deadline = request, Deadline(request.minutes)
        self.engines, self.missing = installed_engines(request.engines)
        self.file = MeasurementsFile(request.folder)
        self.run = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        self._measured: list[Measured] = []
        self._earlier = Earlier(request, self.engines)
        self._left: list[str] = []  # networks for which there was no time
        self._images: BenchmarkImages | None = None
        self._how_chosen = ""
        self._interruption, self._progress = Interruption(), Progress()
        self._report: ProgressFunction = no_progress
        self._base, self._done = NAN, 0

    def measure(self, progress: Progress | None = None) -> Outcome:
        """Measure what is not in the folder yet, and say what was found.

        Args:
            progress: Receives how much is done, of how much.

        Raises:
            ValueError: If the images cannot be used, or no network can be within the limits.
            KeyboardInterrupt: If it was interrupted; what was measured is kept, and `outcome` gives it.
        """
        self._progress = progress = progress or Progress()
        self._images = load_images(self.request, progress)
        names = self._names(self._images)
        rows = self.file.read()
        missing = [(name, self._earlier.engines_left(self._images, name, rows)) for name in names]
        missing = [(name, engines) for name, engines in missing if engines]
        begun = {row.model for row in self._earlier.begun}
        missing.sort(key=lambda each: each[0] in begun)  # where the time is limited, it is for new ones first
        steps = len(missing) * (FIRST + ROUNDS - 1)
        self._report = progress.of(f"Measuring {counted(len(missing), 'network')}", max(1, steps))
        with (
            self._interruption.heard(),
            self._kept(),
            tempfile.TemporaryDirectory(prefix="imgcls-benchmark-") as folder,
        ):
            self._base = memory.peak_megabytes(memory.start(None, "", Path())) if missing else NAN
            for number, (name, engines) in enumerate(missing):
                self._one(self._images, name, engines, Path(folder) / str(number))
            self._rounds()
        return self.outcome()

    @property
    def has_begun(self) -> bool:
        """Whether the images are read, so that there is an outcome."""
        return self._images is not None

    def outcome(self) -> Outcome:
        """What is known so far. Raises ValueError if nothing was begun."""
        if self._images is None:
            raise ValueError("Nothing was measured yet.")
        measured = self._rows()
        anew = {(row.model, row.engine) for row in measured}
        begun = [row for row in self._earlier.begun if (row.model, row.engine) not in anew]
        rows = [*self._earlier.complete, *begun, *measured]
        names = list(dict.fromkeys(row.model for row in rows))
        return Outcome(
            self.request,
            [row for name in names for row in rows if row.model == name],
            self._left,
            self._how_chosen,
            self.missing,
            self.file.path,
        )

    def _rows(self) -> list[Measurement]:
        return [row for each in self._measured for row in each.measurements()]

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Within, what is measured is kept however it ends."""
        try:
            yield
        finally:
            for each in self._measured:
                if each.loaded:
                    each.loaded.let_go()
            self._save()

    def _save(self) -> None:
        if self._measured:
            self.file.add(self.run, self._rows())

    def _names(self, images: BenchmarkImages) -> list[str]:
        if self.request.models:
            return list(dict.fromkeys(self.request.models))
        chosen = choose(self.request, images.shorter_side, len(images.class_names))
        self._how_chosen = chosen.sentence
        log.info("%s", chosen.sentence)
        return list(chosen.names)

    def _one(self, images: BenchmarkImages, name: str, engines: list[str], folder: Path) -> None:
        """Measure a network as far as it goes. One that fails is a row with its problem."""
        if self.deadline.is_for_rounds:
            self._left.append(name)
            return
        started, facts = self._done, replace(first_row(self.request, images, name, self.run), memory_base_mb=self._base)
        found = Measured(facts, {})
        try:
            self._first_figures(images, found, engines, folder)
        except TimeIsUpError:
            self._left.append(name)
            return
        except KeyboardInterrupt:
            if found.latencies():  # which stand without an accuracy
                self._measured.append(found)
            raise
        except Exception as error:  # of any library; the others are measured all the same
            found.facts = replace(found.facts, problem=problem_of(error))
            found.rows = {
                engine: replace(row, problem=row.problem or found.facts.problem) for engine, row in found.rows.items()
            }
        self._measured.append(found)
        self._save()
        keras.backend.clear_session()
        give_back_memory()
        self._advance(started + FIRST - self._done)
        self._say(found)

    def _first_figures(self, images: BenchmarkImages, found: Measured, engines: list[str], folder: Path) -> None:
        """Its bundle, its memory, its first round, and its accuracy, unless it is over the limits."""
        network = build(self.request, images, found.facts.model)
        found.facts = with_network(found.facts, network)
        files = images.files(TIMED_IMAGES)
        with memory.PeakMemories(files[0]) as peaks:
            written, problems = write_measured_bundle(folder, network, engines, peaks.ask)
            self._advance(WRITING)
            found.rows = {
                engine: replace(
                    found.facts,
                    engine=engine,
                    engine_version=self.engines[engine],
                    size_mb=megabytes(written, engine) if engine not in problems else NAN,
                    problem=problems.get(engine, ""),
                )
                for engine in engines
            }
            for engine, peak in peaks.found().items():
                found.rows[engine] = with_memory(found.rows[engine], peak)
        give_back_memory()
        self._advance(MEMORY)
        found.loaded = Loaded(written, found.without_problem(), [read_encoded(file) for file in files])
        self._first_turns(found, found.loaded)
        self._advance(TURN)
        over = over_limits(self.request, found.latencies(), found.sizes())
        if over:
            found.rows = {engine: replace(row, note=over) for engine, row in found.rows.items()}
        elif found.loaded.engines:
            accuracy = self._earlier.accuracy(found.facts) or self._accuracy(images, network)
            found.rows = {engine: with_accuracy(row, accuracy) for engine, row in found.rows.items()}

    def _accuracy(self, images: BenchmarkImages, network: BuiltNetwork) -> Accuracy:
        if self.request.train == "probe":
            return linear_probe(images, network)
        return trained_accuracy(self.request, images, network, self.deadline, self._progress)

    def _first_turns(self, found: Measured, loaded: Loaded) -> None:
        for engine in list(loaded.engines):
            try:
                loaded.check(engine)
                loaded.turn(engine)
            except Exception as error:  # of the engine's library
                loaded.engines.remove(engine)
                loaded.timings.pop(engine)
                found.rows[engine] = replace(found.rows[engine], problem=problem_of(error))

    def _rounds(self) -> None:
        """Further rounds through all networks and engines, until there are enough or the time is over."""
        for _ in range(ROUNDS - 1):
            for each in self._measured:
                for engine in each.loaded.engines if each.loaded else ():
                    if self.deadline.is_over:
                        return
                    each.loaded.turn(engine)  # type: ignore[union-attr]
                self._advance(1)

    def _advance(self, steps: int) -> None:
        self._interruption.check()
        self._done += steps
        self._report(self._done)

    def _say(self, found: Measured) -> None:
        rows = [row for row in found.measurements() if row.is_timed]
        name = short_name(found.facts.model)
        if not rows:
            log.info("%s: %s", name, "; ".join({row.problem for row in found.measurements()}))
            return
        best = min(rows, key=lambda row: row.latency_ms)
        said = best.problem or best.note
        log.info("%s on %s: %s%s", name, TITLES[best.engine], figures(best), f" ({said})" if said else "")


def benchmark_networks(request: BenchmarkRequest, progress: Progress | None = None) -> Outcome:
    """Measure networks on images and on this machine, as `python -m imgcls.benchmark` does.

    Args:
        request: Which networks, which images, and how.
        progress: Receives how much is done.

    Returns:
        The measurements, the recommendation, and the page.

    Raises:
        ValueError: If a network is unknown, or the images cannot be used.

    Example:
        ::

            from imgcls.workflow.benchmark.benchmark import benchmark_networks
            from imgcls.workflow.benchmark.request import BenchmarkRequest

            found = benchmark_networks(BenchmarkRequest("photos", at_most_ms=50, at_most_mb=20))
            print(found.recommendation.sentences[0])
    """
    return Benchmark(request).measure(progress)
