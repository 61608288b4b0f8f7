"""Consensus: one label an image of several annotators' answers, and the skill of each annotator.

Majority, with equal shares open or settled by skill; majority weighted by each annotator's skill; and Dawid and Skene,
"Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm" (1979), as crowd-kit computes it.
"""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from imgcls.labels.records import BOX, LEFT_OUT, Problems, Records
from imgcls.nearest_name import did_you_mean

ITERATIONS = 100  # of expectation and maximisation, at most
EQUAL = 1e-9  # difference of shares, which are sums of floats
PRIOR_ANSWERS = 2.0  # added to each annotator's answers at even odds, so that three right ones do not mean perfect


@dataclass(frozen=True)
class Consensus:
    """What several annotators agree on.

    Attributes:
        records: One row an image with an agreed label; `annotator` names everybody who answered, with commas between.
            Images whose answers are tied are left out, and reported.
        images: By image: label (empty if undecided), confidence in [0, 1] (the method's own share or probability),
            agreement in [0, 1] (share of the answers that say the label; NaN if undecided), answers, tied,
            needs_another.
        annotators: By annotator: answers, agreement in [0, 1] with the agreed labels (NaN without any), golden_answers,
            golden_right, and skill in [0, 1] (from golden images where there are any, else from the agreement; few
            answers count for little).
        needing_another: Share in [0, 1] of the images that need one more opinion.
    """

    records: Records
    images: pd.DataFrame
    annotators: pd.DataFrame
    needing_another: float


def agree(
    records: Records, method: str = "majority", golden: Mapping[str, str] | None = None, sure: float = 0.75
) -> Consensus:
    """Make one label an image of the answers of several annotators.

    Boxes are no answers and are left out; so are all but the last answer of one annotator to one image. Both are
    reported.

    Args:
        records: The answers: a row a label, with its annotator.
        method: One of `METHODS`.
        golden: The known label by image, for images that were mixed in to test the annotators. Those that the answers
            file states are used as well. Such an image gets its known label.
        sure: Confidence in [0, 1]; an image below it, or with tied answers, needs another opinion.

    Raises:
        ValueError: The method is unknown, or nobody answered.
        ImportError: The method needs crowd-kit, and it is not installed.

    Reference:
        Dawid and Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm, 1979.
    """
    if method not in METHODS:
        hint = did_you_mean(method, METHODS, cutoff=0)
        raise ValueError(f"Unknown method {method!r}.{hint} There are {', '.join(METHODS)}.")
    problems = Problems()
    answers = _answers(records, problems)
    if answers.empty:
        raise ValueError("There are no answers with an annotator. Expected labels of images, each by somebody.")
    known = _golden(answers) | dict(golden or {})
    shares = METHODS[method](answers, known)
    images = _images(answers, shares, known, sure)
    annotators = _annotators(answers, images["label"], known)
    _report_undecided(answers, images, shares, method, problems)
    decided = images[images["label"] != ""]
    first = answers.drop_duplicates("image").set_index("image").loc[decided.index]
    who = answers.groupby("image")["annotator"].agg(", ".join)
    rows = first.assign(label=decided["label"], annotator=who.loc[decided.index], attributes="").reset_index()
    rows = rows[list(records.boxes_or_images.columns)]
    share = float(images["needs_another"].mean())
    return Consensus(records.with_rows(rows, problems), images, annotators, share)


def _answers(records: Records, problems: Problems) -> pd.DataFrame:
    """The rows that are answers: one label of an image by one annotator."""
    rows = records.boxes_or_images
    boxed = rows[BOX].notna().any(axis=1) & (rows["label"] != "")
    nameless = ~boxed & (rows["annotator"] == "") & (rows["label"] != "")
    for where, why in ((boxed, "is a box, not an answer"), (nameless, "is by nobody")):
        reasons = [f"{label!r} {why}; left out." for label in rows.loc[where, "label"]]
        problems.extend(rows.loc[where, "image"], [""] * int(where.sum()), reasons, LEFT_OUT)
    answers = rows[~boxed & (rows["annotator"] != "") & (rows["label"] != "")]
    for image in rows.loc[~rows["image"].isin(rows.loc[rows["label"] != "", "image"]), "image"].unique():
        problems.left_out(image, "", "nobody labelled this image.")
    earlier = answers.duplicated(["image", "annotator"], keep="last")
    reasons = [
        f"{a!r} answered again; {b!r} is left out." for a, b in answers.loc[earlier, ["annotator", "label"]].values
    ]
    problems.extend(answers.loc[earlier, "image"], [""] * int(earlier.sum()), reasons, LEFT_OUT)
    return answers[~earlier]


def _report_undecided(
    answers: pd.DataFrame, images: pd.DataFrame, shares: pd.DataFrame, method: str, problems: Problems
) -> None:
    """Name the images whose answers are tied, and how such a tie can be settled."""
    said = answers.groupby("image")["label"].agg(lambda labels: " and ".join(sorted(map(repr, set(labels)))))
    advice = "; --consensus majority_then_skill settles ties by the annotators' skill" if method == "majority" else ""
    for image in images.index[images["label"] == ""]:
        problems.left_out(image, "", f"its annotators are undecided between {said[image]}; left out{advice}.")


def _golden(answers: pd.DataFrame) -> dict[str, str]:
    stated = {}
    for image, text in zip(answers["image"], answers["attributes"], strict=True):
        golden = json.loads(text).get("golden") if '"golden"' in text else None
        if isinstance(golden, str):
            stated[image] = golden
    return stated


def _majority(answers: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """Share of the answers by image and label."""
    votes = pd.crosstab(answers["image"], answers["label"])
    return votes.div(votes.sum(axis=1), axis=0)


def _weighted_majority(answers: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """Share of the skill by image and label."""
    skill = _annotators(answers, _winners(_majority(answers, known)), known)["skill"]
    weights = answers["annotator"].map(skill)
    votes = weights.groupby([answers["image"], answers["label"]]).sum().unstack().fillna(0.0)
    return votes.div(votes.sum(axis=1), axis=0)


def _majority_then_skill(answers: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """Share of the answers by image and label; where labels are tied, share of the skill."""
    shares = _majority(answers, known)
    return shares.where(~_tied(shares), _weighted_majority(answers, known).reindex_like(shares), axis=0)


def _dawid_skene(answers: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """Probability by image and label; golden images keep their known label while the annotators' errors are learned."""
    try:
        from crowdkit.aggregation.classification.dawid_skene import DawidSkene
    except ImportError as error:
        raise ImportError("Dawid-Skene needs crowd-kit. Install it with: pip install imgcls[consensus]") from error
    table = answers.rename(columns={"image": "task", "annotator": "worker"})[["task", "worker", "label"]]
    labels = set(table["label"])
    truth = pd.Series({image: name for image, name in known.items() if name in labels}, dtype=object)
    truth = truth[truth.index.isin(table["task"])].rename_axis("task")
    table = table.astype(object)  # crowd-kit indexes with numpy strings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # crowd-kit 1.4.2 calls pandas in ways that pandas 4 drops
        model = DawidSkene(n_iter=ITERATIONS).fit(table, true_labels=truth if len(truth) else None)
    fitted: Any = model.probas_  # None only before `fit`
    probabilities: pd.DataFrame = fitted.rename_axis("image").fillna(0.0)
    return probabilities


METHODS = {
    "majority": _majority,
    "majority_then_skill": _majority_then_skill,
    "weighted_majority": _weighted_majority,
    "dawid_skene": _dawid_skene,
}


def _winners(shares: pd.DataFrame) -> pd.Series:
    """The label with the largest share; empty where several have it."""
    return shares.idxmax(axis=1).astype(object).mask(_tied(shares), "")


def _tied(shares: pd.DataFrame) -> pd.Series:
    """Whether several labels have the largest share."""
    return shares.ge(shares.max(axis=1) - EQUAL, axis=0).sum(axis=1) > 1


def _images(answers: pd.DataFrame, shares: pd.DataFrame, known: Mapping[str, str], sure: float) -> pd.DataFrame:
    images = pd.DataFrame({"label": _winners(shares), "confidence": shares.max(axis=1), "tied": _tied(shares)})
    given = images.index.isin(list(known))
    images.loc[given, "label"] = [known[image] for image in images.index[given]]
    images.loc[given, "confidence"] = 1.0
    images.loc[given, "tied"] = False
    same = answers["label"] == answers["image"].map(images["label"])
    images["agreement"] = same.groupby(answers["image"]).mean().mask(images["label"] == "")
    images["answers"] = answers.groupby("image").size()
    images["needs_another"] = images["tied"] | (images["confidence"] < sure) | ((images["answers"] < 2) & ~given)
    columns = ["label", "confidence", "agreement", "answers", "tied", "needs_another"]
    return images.loc[answers["image"].unique(), columns].rename_axis("image")


def _annotators(answers: pd.DataFrame, agreed: pd.Series, known: Mapping[str, str]) -> pd.DataFrame:
    """How far each one's answers are right, where that is known or agreed on."""
    by = answers["annotator"]
    label = answers["image"].map(agreed)
    decided, same = label != "", answers["label"] == label
    tested = answers["image"].isin(list(known))
    right = tested & (answers["label"] == answers["image"].map(dict(known)))
    compared, agreeing = decided.groupby(by).sum().astype(int), same.groupby(by).sum().astype(int)
    table = pd.DataFrame({"answers": same.groupby(by).size(), "agreement": agreeing / compared.where(compared > 0)})
    table["golden_answers"] = tested.groupby(by).sum()
    table["golden_right"] = right.groupby(by).sum()
    judged = table["golden_answers"].where(table["golden_answers"] > 0, compared)
    good = table["golden_right"].where(table["golden_answers"] > 0, agreeing)
    table["skill"] = (good + PRIOR_ANSWERS / 2) / (judged + PRIOR_ANSWERS)
    return table.sort_index()
