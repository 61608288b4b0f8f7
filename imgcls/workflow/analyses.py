"""What the report says besides the figures: each analysis of a judged table, and what it advises."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import keras

from imgcls.evaluation.judgement.calibration import measure_calibration
from imgcls.evaluation.judgement.calibration_section import calibration_section, calibration_steps
from imgcls.evaluation.judgement.conformal import measure_sets
from imgcls.evaluation.judgement.conformal_section import conformal_section, conformal_steps
from imgcls.evaluation.judgement.judgement import Judgement, decisions_section, measure_decisions
from imgcls.evaluation.judgement.risk_coverage import risk_coverage
from imgcls.evaluation.judgement.selective_section import selective_section, selective_steps
from imgcls.evaluation.judgement.unknown_section import measure_unknown, unknown_section
from imgcls.evaluation.learning_curve import LearningCurve
from imgcls.evaluation.learning_curve_section import learning_curve_section, learning_curve_steps
from imgcls.evaluation.pages.section import NextStep, Section
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.review.label_errors_section import label_errors_section, label_errors_steps
from imgcls.evaluation.slices import find_slices
from imgcls.evaluation.slices_section import slices_section, slices_steps
from imgcls.files import read_json
from imgcls.run_folder import RunFolder
from imgcls.workflow.mistakes_section import mistakes_section


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
        model: The run's model; None for a bundle.
    """

    table: PredictionTable
    judgement: Judgement | None
    run: RunFolder | None = None
    model: keras.Model | None = None

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


def _unknown(judging: Judging) -> Iterable[Analysis]:
    if judging.judgement is not None:
        table, score = judging.table, judging.judgement.unknown
        can_tell = score is not None and len(table) and table.logits is not None
        figures = measure_unknown(score, table) if score is not None and can_tell else None
        yield Analysis("unknown", figures, unknown_section(score, table))


def _slices(judging: Judging) -> Iterable[Analysis]:
    found = find_slices(judging.table)
    yield Analysis("slices", found.to_dict()["slices"], slices_section(found), tuple(slices_steps(found)))


def _heat_maps(judging: Judging) -> Iterable[Analysis]:
    """Where the network looks when it errs."""
    section = mistakes_section(judging.model, judging.table, judging.typed) if judging.model else None
    if section is not None:
        yield Analysis("heat_maps", None, section)


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
    _heat_maps,
    _slices,
    _decisions,
    _calibration,
    _selective,
    _sets,
    _unknown,
    _learning_curve,
    _label_errors,
)
