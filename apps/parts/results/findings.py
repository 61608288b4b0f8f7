"""What else is known of a run: whether its percentages can be believed, and where it is worse."""

from collections.abc import Mapping
from typing import Any

import dacite
import numpy as np
import pandas as pd
import streamlit as st
from projects.judged_run import JudgedRun

from imgcls.evaluation.judgement.calibration import Calibration
from imgcls.evaluation.judgement.calibration_section import calibration_section
from imgcls.evaluation.learning_curve import LearningCurve
from imgcls.evaluation.learning_curve_section import learning_curve_section
from imgcls.evaluation.pages.section import Section
from imgcls.evaluation.slices import Slice, Slices
from imgcls.evaluation.slices_section import slices_section
from parts.results.part_pictures import show_pictures_of_a_part
from parts.results.sections import show_section

SHARES = {  # columns of the table of classes: what they say
    "found": "Of the images of the class, those that are named so (recall).",
    "right when answered": "Of the images that are named so, those that are of the class (precision).",
    "both (F1)": "The harmonic mean of the two before.",
    "average precision": "How well the class is told from the others at all thresholds: 100 % is without a mistake.",
}


def show_calibration(judged: JudgedRun) -> None:
    """Whether its percentages can be believed."""
    show_finding("calibration", judged.analyses.get("calibration"))


def show_slices(judged: JudgedRun) -> None:
    """Where it is worse than elsewhere, and the images there."""
    found = judged.analyses.get("slices") or []
    show_finding(
        "slices", {"slices": found, "accuracy": judged.evaluation.accuracy, "images": judged.evaluation.images}
    )
    show_pictures_of_a_part(judged, [Slice(**each, members=np.zeros(0, int)).title for each in found])


def show_classes(judged: JudgedRun) -> None:
    """A row for each class."""
    st.subheader("Each class", anchor=False)
    table = pd.DataFrame(
        [
            {
                "class": each.name,
                "images": each.support,
                "found": each.recall,
                "right when answered": each.precision,
                "both (F1)": each.f1,
                "average precision": each.average_precision,
            }
            for each in judged.evaluation.classes
        ]
    )
    shares = {name: st.column_config.NumberColumn(format="percent", help=says) for name, says in SHARES.items()}
    st.dataframe(table, hide_index=True, column_config=shares)


def show_finding(kind: str, figures: object) -> None:
    """The part of the report of one of `SECTIONS`, drawn from its figures."""
    show_section(_section(kind, figures))


@st.cache_data(max_entries=24, show_spinner=False)
def _section(kind: str, figures: Any) -> Section:
    """The part of the report of these figures; drawn once."""
    return SECTIONS[kind](figures)


def _calibration(figures: Mapping[str, Any] | None) -> Section:
    known = dacite.from_dict(Calibration, figures, dacite.Config(cast=[tuple])) if figures else None
    return calibration_section(known)


def _slices(figures: Mapping[str, Any]) -> Section:
    parts = tuple(Slice(**each, members=np.zeros(0, int)) for each in figures["slices"])
    return slices_section(Slices(figures["accuracy"], figures["images"], parts))


def _learning_curve(figures: Mapping[str, Any]) -> Section:
    return learning_curve_section(LearningCurve.from_dict(figures))


SECTIONS = {"calibration": _calibration, "slices": _slices, "learning curve": _learning_curve}
