"""The page of a benchmark: the recommendation, the table, the pictures with their numbers, and how it was measured."""

import math
from collections.abc import Sequence

from imgcls.counted import counted
from imgcls.evaluation.pages.section import Section, TextTable
from imgcls.evaluation.pages.sections_page import SectionsPage
from imgcls.workflow.benchmark.measurement import Measurement, metric_title
from imgcls.workflow.benchmark.network import short_name
from imgcls.workflow.benchmark.outcome import Outcome
from imgcls.workflow.benchmark.pictures import (
    accuracy_against_latency,
    accuracy_against_macs,
    density,
    density_text,
    heading,
    information_density,
    pareto_front,
)
from imgcls.workflow.benchmark.recommendation import TITLES, fastest
from imgcls.workflow.benchmark.table import (
    accuracy_text,
    amount,
    measurements_table,
    metric_column,
    number,
    problem_sentences,
)
from imgcls.workflow.benchmark.to_accuracy import to_accuracy_table

RANDOM_SENTENCE = (
    "The weights of {names} could not be had here, do not exist or were not wanted: the {metric} is that of a linear "
    "classifier on random features, and says little of what training would reach."
)
AREAS_SENTENCE = "The area of a circle is the number of parameters (Canziani, Paszke, Culurciello, 2016)."
UNCOUNTED_SENTENCE = (
    "Not in the picture, since the MACs of some of their layers are not known: {names}. "
    "`python -m imgcls.models show NAME` counts the others, layer by layer."
)
EXPLAINED = {"mAP": "macro average precision (mAP), the mean over the classes"}
COLUMNS_SENTENCE = (
    "Measured here: the {metric}; the milliseconds of the bundle for one image, as their median, their 95th "
    "percentile, and the medians of the fastest and the slowest round; the milliseconds of the network alone, in a "
    "loop without decoding; the images a second at the best batch; the peak memory of a process of its own; the size "
    "of what the engine loads; the time of training. Counted by formulas: parameters and MACs. Published by others, on "
    "other data: the last column."
)


def benchmark_page(outcome: Outcome) -> SectionsPage:
    """The page of what was found."""
    rows = list(outcome.rows)
    drawn = [row for row in fastest(rows) if row.is_judged]
    sections = [_commands_section(outcome), _table_section(outcome)]
    if drawn:
        sections += [_macs_section(drawn), _latency_section(drawn), _density_section(drawn)]
    if outcome.request.to_accuracy and fastest(rows):
        sections.append(_to_accuracy_section(outcome))
    sections.append(_method_section(outcome))
    images = f"{counted(rows[0].images, 'image')} of {counted(rows[0].classes, 'class')}" if rows else "no images"
    return SectionsPage(
        title=f"Which network for {outcome.request.data}?",
        subtitle=f"{counted(len({row.model for row in rows}), 'network')} on {images}, the test split left out",
        verdict=" ".join(outcome.recommendation.sentences),
        sections=[section for section in sections if section.sentences or section.table],
        images={},
    )


def _commands_section(outcome: Outcome) -> Section:
    commands = outcome.recommendation.commands
    sentences = ("Train it, and export it for that engine:", *commands) if len(commands) > 1 else commands
    return Section("next", "What to type", tuple(sentences))


def _table_section(outcome: Outcome) -> Section:
    sentences = [outcome.how_chosen] if outcome.how_chosen else []
    metric = metric_title(outcome.rows)
    sentences.append(COLUMNS_SENTENCE.format(metric=EXPLAINED.get(metric, metric)))
    if random := [short_name(row.model) for row in fastest(outcome.rows) if row.is_random]:
        sentences.append(RANDOM_SENTENCE.format(names=", ".join(random), metric=metric))
    sentences += problem_sentences(outcome.rows)
    if outcome.left:
        sentences.append(f"There was no time for {', '.join(map(short_name, outcome.left))}.")
    return Section("measured", "What was measured", tuple(sentences), table=measurements_table(outcome.rows, True))


def _macs_section(rows: Sequence[Measurement]) -> Section:
    table = TextTable(
        ("network", "MACs", "parameters", metric_column(rows)),
        tuple(
            (short_name(row.model), amount(row.macs), amount(row.parameters), accuracy_text(row))
            for row in sorted(rows, key=lambda row: (math.isnan(row.macs), row.macs))
        ),
    )
    counted_rows = [row for row in rows if not math.isnan(row.macs)]
    said = [AREAS_SENTENCE] if counted_rows else []
    if uncounted := [short_name(row.model) for row in rows if math.isnan(row.macs)]:
        said.append(UNCOUNTED_SENTENCE.format(names=", ".join(uncounted)))
    charts = (accuracy_against_macs(counted_rows),) if counted_rows else ()
    return Section("macs", f"{heading(rows)} against multiply-adds", tuple(said), charts, table)


def _latency_section(rows: Sequence[Measurement]) -> Section:
    trained = [row for row in rows if not row.is_random]
    front = {row.model for row in pareto_front(trained or rows)}
    table = TextTable(
        ("network", "engine", "ms", metric_column(rows), "on the front"),
        tuple(
            (
                short_name(row.model),
                TITLES[row.engine],
                f"{row.latency_ms:.1f} ({row.latency_low_ms:.1f} to {row.latency_high_ms:.1f})",
                accuracy_text(row),
                "yes" if row.model in front else "",
            )
            for row in sorted(rows, key=lambda row: row.latency_ms)
        ),
    )
    said = (
        "Each network on its fastest engine. The dashed line is the Pareto front: no other network is faster and has a "
        f"higher {metric_title(rows)} than one on it."
    )
    return Section("latency", f"{heading(rows)} against latency", (said,), (accuracy_against_latency(rows),), table)


def _density_section(rows: Sequence[Measurement]) -> Section:
    order = sorted(rows, key=density, reverse=True)
    table = TextTable(
        ("network", "points for a million parameters", "parameters", metric_column(rows)),
        tuple((short_name(row.model), density_text(row), amount(row.parameters), accuracy_text(row)) for row in order),
    )
    said = f"How much {metric_title(rows)} each parameter carries: a network with a high density suits small devices."
    return Section("density", "Information density", (said,), (information_density(rows),), table)


def _to_accuracy_section(outcome: Outcome) -> Section:
    request = outcome.request
    reached = f"until the {metric_title(outcome.rows)} was {100 * request.to_accuracy:g} %"
    said = f"The time of training {reached}, as DAWNBench counts it (2017)."
    if request.price_per_hour:
        said += f" An hour of this machine costs {request.price_per_hour:g}."
    return Section(
        "to-accuracy", "Time and cost to an accuracy", (said,), table=to_accuracy_table(outcome.rows, request)
    )


def _method_section(outcome: Outcome) -> Section:
    if not outcome.rows:
        return Section("method", "How it was measured", ())
    row = outcome.rows[-1]
    versions = {each.engine: each.engine_version for each in outcome.rows if each.engine in TITLES}
    sentences = [
        f"Machine: {row.machine}.",
        f"imgcls {row.imgcls}, TensorFlow {row.tensorflow}, Keras {row.keras}; "
        + ", ".join(f"{TITLES[name]} {of_engine}" for name, of_engine in versions.items())
        + ".",
        f"Images: {row.data}, fingerprint {row.fingerprint}; {counted(row.images, 'image')} outside the test split.",
        "The rounds go through all networks and engines in turns. In each turn two calls are not timed; then single "
        "images are named from the bytes of their files, and batches of the size that was the fastest.",
        f"A process that only loads Python and TensorFlow has a peak of {number(row.memory_base_mb, 0)} MB.",
        f"All measurements, also of earlier benchmarks: {outcome.file}.",
    ]
    sentences += [f"Not installed: {TITLES[name]} ({how})." for name, how in outcome.missing.items()]
    return Section("method", "How it was measured", tuple(sentences))
