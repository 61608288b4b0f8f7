"""What is fitted on validation images after training, and what a classifier answers by it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.intervals import wilson_interval
from imgcls.evaluation.judgement.calibration import log_loss, truth
from imgcls.evaluation.judgement.conformal import ConformalSets
from imgcls.evaluation.judgement.selective import Thresholds
from imgcls.evaluation.judgement.unknown import OF_EMBEDDINGS, TITLES, UnknownScore
from imgcls.evaluation.pages.charts import as_svg
from imgcls.evaluation.pages.section import Chart, Section, TextTable
from imgcls.evaluation.prediction_table import PredictionTable

NOT_SURE = "not sure"  # the answer where no class is likely enough
NONE_OF_THESE = "none of these"  # the answer where the image is unlike those of training
OUTCOMES = {"right": "#2b6cb0", "wrong": "#c2410c", NOT_SURE: "#a3a3a3", NONE_OF_THESE: "#d6b656"}
MOST_CLASSES = 40  # in a chart that can still be read


@dataclass(frozen=True, eq=False)
class Judgement:
    """Everything that is fitted on validation images after training.

    Attributes:
        temperature: What the logits are divided by before the softmax, or before the sigmoids.
        thresholds: From which probability on each class is answered.
        sets: How prediction sets are made.
        unknown: The score of strangeness, and from where on an image is "none of these"; None where there is none.
        notes: What has to be said about the temperature, in sentences.

    Example:
        >>> rows = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["cat", "dog"]})
        >>> table = PredictionTable(rows, ["cat", "dog"], np.array([[0.9, 0.1], [0.6, 0.4]]))
        >>> sure = Thresholds(np.full(2, 0.8, np.float32))
        >>> Judgement(1.0, sure, ConformalSets.full(2, 0.9), None).decide(table).tolist()
        ['cat', 'not sure']
    """

    temperature: float
    thresholds: Thresholds
    sets: ConformalSets
    unknown: UnknownScore | None
    notes: tuple[str, ...] = ()

    @property
    def is_multi_label(self) -> bool:
        """Whether an image may have several classes, or none."""
        return self.sets.method == "multi_label"

    @property
    def every_note(self) -> tuple[str, ...]:
        """What has to be said about any part of it, in sentences."""
        return (*self.notes, *self.thresholds.notes, *self.sets.notes)

    def answering_from(self, least: float) -> "Judgement":
        """The same, which answers no class that is less likely than this; what was fitted holds where it asks for more.

        Args:
            least: A probability.
        """
        raised = np.maximum(self.thresholds.values, np.float32(least))
        if (raised == self.thresholds.values).all():
            return self
        note = f'Answers below {100 * least:g} % are "not sure", as was asked for.'
        sets = ConformalSets.of_thresholds(raised) if self.is_multi_label else self.sets
        return replace(self, thresholds=Thresholds(raised, notes=(note,)), sets=sets)

    def decide(self, table: PredictionTable) -> np.ndarray:
        """What is answered for each image: the name of a class, "not sure" or "none of these"; (N,) of text.

        Args:
            table: With calibrated probabilities; with logits and embeddings, if strangeness is to be known.
        """
        choose = self.thresholds.chosen_of_several if self.is_multi_label else self.thresholds.chosen
        chosen, sure = choose(table.probabilities)
        answer = np.where(sure, np.asarray(table.class_names, object)[chosen], NOT_SURE)
        return np.where(self.is_unknown(table), NONE_OF_THESE, answer)

    def is_unknown(self, table: PredictionTable) -> np.ndarray:
        """Whether each image is unlike those of training: (N,) bool; False where nothing says so."""
        if self.unknown is None or table.logits is None:
            return np.zeros(len(table), bool)
        if self.unknown.method in OF_EMBEDDINGS and table.embeddings is None:
            return np.zeros(len(table), bool)
        return self.unknown.is_unknown(table)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, without the arrays of the score of strangeness."""
        return {
            "temperature": self.temperature,
            "thresholds": self.thresholds.to_dict(),
            "sets": self.sets.to_dict(),
            "unknown": self.unknown.to_dict() if self.unknown is not None else None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Decisions:
    """What is answered for labelled images, all of which are of classes that the classifier knows.

    Attributes:
        name: A class, for the images of which it is; empty for all of them.
        images: How many there are.
        right: For how many the answer is their class, or one of them.
        wrong: For how many it is another class.
        not_sure: For how many it is "not sure".
        none_of_these: For how many it is "none of these".
    """

    name: str
    images: int
    right: int
    wrong: int
    not_sure: int
    none_of_these: int

    @property
    def answered(self) -> int:
        """How many get a class as answer."""
        return self.right + self.wrong

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of the share of the answers that is right; None without answers."""
        return wilson_interval(self.right, self.answered) if self.answered else None

    def to_dict(self) -> dict[str, object]:
        """As evaluation.json holds it."""
        return {**asdict(self), "answered": self.answered, "interval": self.interval}


def measure_decisions(table: PredictionTable, judgement: Judgement) -> list[Decisions]:
    """What is answered for all images, and for those of each class.

    Args:
        table: With calibrated probabilities.
        judgement: As it was fitted on validation.
    """
    decisions = judgement.decide(table)
    place = {name: k for k, name in enumerate(table.class_names)}
    chosen = np.array([place.get(each, -1) for each in decisions], int)
    is_right = (chosen >= 0) & table.targets[np.arange(len(table)), chosen]
    everything = [("", np.ones(len(table), bool))]
    of_class = [(name, table.targets[:, k]) for k, name in enumerate(table.class_names)]
    return [
        Decisions(
            name,
            images=int(own.sum()),
            right=int((own & is_right).sum()),
            wrong=int((own & (chosen >= 0) & ~is_right).sum()),
            not_sure=int((own & (decisions == NOT_SURE)).sum()),
            none_of_these=int((own & (decisions == NONE_OF_THESE)).sum()),
        )
        for name, own in [*everything, *of_class]
    ]


def decisions_section(judgement: Judgement, table: PredictionTable) -> Section:
    """What the report says of the answers.

    Args:
        judgement: As it was fitted on validation.
        table: Images that nothing was fitted to, such as the test split, with calibrated probabilities.
    """
    name, title = "decisions", "What does it answer?"
    if not len(table):
        return Section(name, title, ("There are no images: too few to say what it answers.",))
    everything, *classes = measure_decisions(table, judgement)
    charts = (_decisions_chart(classes),) if len(classes) <= MOST_CLASSES else ()
    return Section(name, title, decisions_in_words(everything), charts, _decisions_table(classes))


def decisions_in_words(everything: Decisions) -> tuple[str, ...]:
    """What is answered for all images, in sentences."""
    images = everything.images
    counts = (
        f"Of {counted(images, 'image')}, {_part(everything.answered, images)} get an answer, "
        f"{_part(everything.not_sure, images)} get {NOT_SURE!r}, and {_part(everything.none_of_these, images)} "
        f"{NONE_OF_THESE!r}."
    )
    if everything.interval is None:
        return (counts,)
    low, high = everything.interval
    right = (
        f"{100 * everything.right / everything.answered:.1f} % of the answers are right "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %)."
    )
    if not everything.none_of_these:
        return (f"{counts} {right}",)
    errors = f"Each of these images is of a class that it knows, so each {NONE_OF_THESE!r} is an error."
    return f"{counts} {right}", errors


def _part(count: int, images: int) -> str:
    return f"{count:,} ({100 * count / images:.1f} %)"


def _decisions_table(classes: Sequence[Decisions]) -> TextTable:
    rows = tuple(
        (each.name, *map(str, (each.images, each.right, each.wrong, each.not_sure, each.none_of_these)))
        for each in classes
    )
    return TextTable(("class", "images", "right", "wrong", NOT_SURE, NONE_OF_THESE), rows)


def _decisions_chart(classes: Sequence[Decisions]) -> Chart:
    """For each class, the shares of its images with each outcome."""
    outcomes = list(OUTCOMES)
    rows = pd.DataFrame(
        [
            {"class": each.name, "answer": outcome, "images": count, "order": outcomes.index(outcome)}
            for each in classes
            for outcome, count in zip(
                outcomes, (each.right, each.wrong, each.not_sure, each.none_of_these), strict=True
            )
        ]
    )
    colors = alt.Scale(domain=outcomes, range=list(OUTCOMES.values()))
    chart = (
        alt.Chart(rows, width=420, height=alt.Step(22), title="What it answers for the images of each class")
        .mark_bar()
        .encode(
            x=alt.X("images:Q", stack="normalize", title="share of the images", axis=alt.Axis(format="%")),
            y=alt.Y("class:N", sort=[each.name for each in classes], title=None),
            color=alt.Color("answer:N", title="answer", scale=colors, legend=alt.Legend(orient="bottom")),
            order=alt.Order("order:Q"),
        )
    )
    return Chart(as_svg(chart), "Bars: for the images of each class, the shares of right, wrong and no answers.")


def fitted_in_words(judgement: Judgement, validation: PredictionTable) -> tuple[str, ...]:
    """What was fitted means this, in sentences.

    Args:
        judgement: As it was fitted.
        validation: The images that it was fitted to, with the probabilities that it gives.
    """
    sentences = [_temperature_in_words(judgement, validation), _thresholds_in_words(judgement)]
    if not judgement.is_multi_label:
        sentences.append(_sets_in_words(judgement, validation))
    if judgement.unknown is not None:
        known = 1 - float(judgement.is_unknown(validation).mean()) if len(validation) else 1.0
        sentences.append(
            f"Images unlike those of training are {NONE_OF_THESE!r}, by the {TITLES[judgement.unknown.method]}; "
            f"{100 * known:.1f} % of the validation images stay known."
        )
    return (*filter(None, sentences), *judgement.every_note)


def _temperature_in_words(judgement: Judgement, validation: PredictionTable) -> str:
    if judgement.temperature == 1.0 or validation.logits is None:
        return ""
    labels, logits = truth(validation), np.asarray(validation.logits, np.float64)
    before, after = log_loss(logits, labels), log_loss(logits / judgement.temperature, labels)
    return (
        f"A temperature of {judgement.temperature:.2f} makes it {'less' if judgement.temperature > 1 else 'more'} sure "
        f"of itself, as it should be (log loss on validation {before:.3f} before, {after:.3f} after)."
    )


def _thresholds_in_words(judgement: Judgement) -> str:
    thresholds = judgement.thresholds
    lowest, highest = (float(value) for value in (thresholds.values.min(), thresholds.values.max()))
    between = f"{lowest:.2f}" if lowest == highest else f"{lowest:.2f} to {highest:.2f}"
    if thresholds.wish == "none" or thresholds.reached is None:
        return "Every image is answered with its likeliest class."
    at = f"At this threshold ({between})" if lowest == highest else f"At these thresholds ({between})"
    promise = ""
    if thresholds.promised is not None:
        promise = (
            f" On new images of the same kind, at least {100 * thresholds.promised:.1f} % of the answers"
            f"{' of each class' if thresholds.each_class else ''} are right, with 95 % confidence."
        )
    return f"{at}, {thresholds.reached}, on validation.{promise}"


def _sets_in_words(judgement: Judgement, validation: PredictionTable) -> str:
    sets = judgement.sets
    if not sets.images or not len(validation):
        return ""
    size = sets.apply(validation.probabilities).sum(axis=1).mean()
    each = " of each class" if sets.method == "class_conditional" else ""
    return (
        f"A prediction set names {size:.2f} classes on average, and the right one is among them for "
        f"{100 * sets.coverage:g} % of new images{each} ({sets.method.replace('_', ' ')})."
    )
