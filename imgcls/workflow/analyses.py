"""What the report says besides the figures: each analysis of a judged table, and what it advises."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from imgcls.evaluation.calibration import calibration_section, calibration_steps, measure_calibration
from imgcls.evaluation.conformal import conformal_section, conformal_steps, measure_sets
from imgcls.evaluation.judgement import Judgement, decisions_section, measure_decisions
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.section import NextStep, Section
from imgcls.evaluation.selective import risk_coverage, selective_section, selective_steps


@dataclass(frozen=True)
class Analysis:
    """One analysis.

    Attributes:
        name: Of its figures in evaluation.json.
        figures: As JSON has them.
        section: Of the report.
        steps: What it advises.
    """

    name: str
    figures: Any
    section: Section
    steps: tuple[NextStep, ...] = ()


@dataclass(frozen=True)
class Judging:
    """What the analyses read.

    Attributes:
        table: Images that nothing was fitted to.
        judgement: What was fitted on validation; None where nothing was.
        run: Folder of the run, as it is typed in a command; empty for a bundle.
    """

    table: PredictionTable
    judgement: Judgement | None
    run: str = ""


def analyse(judging: Judging) -> list[Analysis]:
    """Every analysis that these images allow, in the order of the report."""
    return [analysis for make in ANALYSES for analysis in make(judging)]


def _decisions(judging: Judging) -> Iterable[Analysis]:
    if judging.judgement is not None:
        table, judgement = judging.table, judging.judgement
        figures = [each.to_dict() for each in measure_decisions(table, judgement)]
        yield Analysis("decisions", figures, decisions_section(judgement, table))


def _calibration(judging: Judging) -> Iterable[Analysis]:
    temperature = judging.judgement.temperature if judging.judgement else 1.0
    found = measure_calibration(judging.table, temperature)
    steps = calibration_steps(found, judging.run)
    yield Analysis("calibration", found and found.to_dict(), calibration_section(found), tuple(steps))


def _selective(judging: Judging) -> Iterable[Analysis]:
    thresholds = judging.judgement.thresholds if judging.judgement else None
    curve = risk_coverage(judging.table)
    yield Analysis(
        "risk_coverage",
        curve and curve.to_dict(),
        selective_section(judging.table, thresholds),
        tuple(selective_steps(judging.table, thresholds, judging.run)),
    )


def _sets(judging: Judging) -> Iterable[Analysis]:
    if judging.judgement is not None and not judging.table.is_multi_label:
        table, sets = judging.table, judging.judgement.sets
        found = measure_sets(table, sets)
        steps = conformal_steps(table, sets, judging.run)
        yield Analysis("prediction_sets", found and found.to_dict(), conformal_section(table, sets), tuple(steps))


ANALYSES: tuple[Callable[[Judging], Iterable[Analysis]], ...] = (_decisions, _calibration, _selective, _sets)
