"""Says where a model cannot tell images that are unlike those that it was trained on, and why."""

import pandas as pd
import streamlit as st
from projects.answers import Answer
from projects.project import Project

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import RunFolder

FEWEST = 20  # validation images, as `imgcls.evaluation.judgement.unknown_fit` has it


def say_if_not_told(project: Project, answer: Answer, table: pd.DataFrame) -> None:
    """Show a sentence where how unlike its training images an image is was not measured."""
    if is_not_told(table):
        st.info(why_not(_validation_images(project, answer.model.run)))


def is_not_told(table: pd.DataFrame) -> bool:
    """Whether a model decides, and cannot decide that an image is unlike all that it knows.

    Args:
        table: An answer, with the columns of `projects.answers`.
    """
    judged = table[(table["decision"] != "") & (table["problem"] == "")]
    return not judged.empty and bool(judged["unknown_score"].isna().all())


def why_not(images: int) -> str:
    """Why a model cannot tell what is unlike its training images. images: those that it was validated on."""
    why = f": it had only {counted(images, 'validation image')}, and {FEWEST} are needed" if images < FEWEST else ""
    return (
        f"This model cannot tell images that are unlike those that it was trained on{why}. It names one of its classes "
        "on any image. Add labeled images under Data, and train again."
    )


def _validation_images(project: Project, run: str) -> int:
    """Those that a run had; as many as are needed where it is not known."""
    try:
        return len(Manifest.load(RunFolder(project.runs / run).manifest_file).split("validation"))
    except (ValueError, OSError):  # it was deleted, or was trained elsewhere
        return FEWEST
