"""What the report says besides the figures: each analysis of a judged table, and what it advises."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from imgcls.evaluation.calibration import calibration_section, calibration_steps, measure_calibration
from imgcls.evaluation.conformal import conformal_section, conformal_steps, measure_sets
from imgcls.evaluation.judgement import Judgement, decisions_section, measure_decisions
from imgcls.evaluation.label_errors_section import label_errors_section, label_errors_steps
from imgcls.evaluation.learning_curve import LearningCurve
from imgcls.evaluation.learning_curve_section import learning_curve_section, learning_curve_steps
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.section import NextStep, Section
from imgcls.evaluation.selective import risk_coverage, selective_section, selective_steps
from imgcls.evaluation.slices import find_slices
from imgcls.evaluation.slices_section import slices_section, slices_steps
from imgcls.files import read_json
from imgcls.run_folder import RunFolder


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
        run: The run; None for a bundle.
    """

    table: PredictionTable
    judgement: Judgement | None
    run: RunFolder | None = None

    @property
    def typed(self) -> str:
        """Folder of the run, as it is typed in a command; empty for a bundle."""
        return str(self.run.path) if self.run else ""


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
    steps = calibration_steps(found, judging.typed)
    yield Analysis("calibration", found and found.to_dict(), calibration_section(found), tuple(steps))


def _selective(judging: Judging) -> Iterable[Analysis]:
    thresholds = judging.judgement.thresholds if judging.judgement else None
    curve = risk_coverage(judging.table)
    yield Analysis(
        "risk_coverage",
        curve and curve.to_dict(),
        selective_section(judging.table, thresholds),
        tuple(selective_steps(judging.table, thresholds, judging.typed)),
    )


def _sets(judging: Judging) -> Iterable[Analysis]:
    if judging.judgement is not None and not judging.table.is_multi_label:
        table, sets = judging.table, judging.judgement.sets
        found = measure_sets(table, sets)
        steps = conformal_steps(table, sets, judging.typed)
        yield Analysis("prediction_sets", found and found.to_dict(), conformal_section(table, sets), tuple(steps))


def _slices(judging: Judging) -> Iterable[Analysis]:
    found = find_slices(judging.table)
    yield Analysis("slices", found.to_dict()["slices"], slices_section(found), tuple(slices_steps(found)))


def _label_errors(judging: Judging) -> Iterable[Analysis]:
    """What `python -m imgcls.review` found, where it was called."""
    review = read_json(judging.run.review_file) if judging.run else {}
    if review:
        steps = label_errors_steps(review, judging.typed)
        yield Analysis("label_errors", review.get("share"), label_errors_section(review), tuple(steps))


def _learning_curve(judging: Judging) -> Iterable[Analysis]:
    """The learning curve, where one was measured."""
    if judging.run is None:
        return
    kept = read_json(judging.run.learning_curve_file)
    if kept:
        found = LearningCurve.from_dict(kept)
        yield Analysis("learning_curve", kept, learning_curve_section(found), tuple(learning_curve_steps(found)))


ANALYSES: tuple[Callable[[Judging], Iterable[Analysis]], ...] = (
    _slices,
    _decisions,
    _calibration,
    _selective,
    _sets,
    _learning_curve,
    _label_errors,
)
