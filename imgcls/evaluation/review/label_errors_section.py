"""What a review of the labels found, as a part of the report."""

from collections.abc import Mapping
from typing import Any

from imgcls.evaluation.pages.section import NextStep, Section, TextTable
from imgcls.evaluation.review.page import review_sentences, train_corrected

MOST_ROWS = 20  # of the table
WORTH_A_LOOK = 0.01  # share of the labels; below, a review of them is no next step


def label_errors_section(review: Mapping[str, Any]) -> Section:
    """The part of the report about wrong labels.

    Args:
        review: As review.json in the run folder holds it.
    """
    rows = tuple(
        (pair["given"], pair["looks_like"], f"{pair['images']:,}") for pair in review.get("pairs", [])[:MOST_ROWS]
    )
    page = "review.html, beside this report, shows them image by image."
    return Section(
        name="label-errors",
        title="Labels that look wrong",
        sentences=(*review_sentences(review), page),
        table=TextTable(("labelled", "looks like", "images"), rows) if rows else None,
    )


def label_errors_steps(review: Mapping[str, Any], run: str) -> list[NextStep]:
    """What to do about labels that look wrong; nothing where they are fewer than one in a hundred, or too few to say.

    Args:
        review: As review.json in the run folder holds it.
        run: The run folder, as the user would type it.
    """
    share = review.get("share")
    copies = review.get("copies_with_two_labels", 0)
    if not copies and (share is None or share["estimate"] < WORTH_A_LOOK):
        return []
    why = f"{review['looks_wrong']:,} of {review['judged']:,} labels look wrong"
    if copies:
        why += f", and {copies:,} images have a copy with another label"
    most = review["pairs"][0] if review.get("pairs") else None
    return [
        NextStep(
            what=f"Look at the labels of {most['given']!r} again" if most else "Look at the labels again",
            why=f"{why}. Decide in {run}/review.html, and train again with the corrections.",
            command=train_corrected(run, f"{run}/corrections.csv"),
            gain=100 * share["estimate"] if share else 0.0,
        )
    ]
