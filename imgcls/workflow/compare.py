"""Runs and bundles compared on the same images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from imgcls.evaluation.comparison.alignment import Aligned, align, check_same_classes, check_same_images
from imgcls.evaluation.comparison.comparison import Comparison, Ranking, compare_aligned, rank_aligned
from imgcls.evaluation.comparison.page import comparison_page, ranking_page
from imgcls.evaluation.pages.section import TextTable
from imgcls.evaluation.pages.sections_page import SectionsPage
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.progress import Progress
from imgcls.workflow.judged import Judged, images_of
from imgcls.workflow.predictions import predict_table, saved_predictions
from imgcls.workflow.subject import Subject

Split = Literal["test", "validation"]
NAMES_A_RUN = ("name", "runs")  # fields of a config that differ for every run and say nothing of it
LONGEST = 60  # characters of a value in the table of the configs
ON_VALIDATION = (
    "The epoch that each run keeps was chosen on these validation images, so their figures flatter. Compare on the "
    "test split before you decide."
)


@dataclass(frozen=True)
class Compared:
    """What a comparison found.

    Attributes:
        aligned: The predictions that were compared.
        found: Of two, a `Comparison`; of more, a `Ranking`.
        config: The fields of their configs that differ, a column each; None if none does.
        part: The images in words, such as "the test split".
        sentences: What else is to be known.
    """

    aligned: Aligned
    found: Comparison | Ranking
    config: TextTable | None
    part: str
    sentences: tuple[str, ...] = ()

    def page(self) -> SectionsPage:
        """The page, with the images gained and lost where two are compared."""
        if isinstance(self.found, Comparison):
            return comparison_page(self.found, self.aligned, self.config, self.part)
        return ranking_page(self.found, self.config, self.part)


def compare_runs(
    sources: Sequence[str | Path], split: Split = "test", data: str = "", progress: Progress | None = None
) -> Compared:
    """Compare runs, or bundles, on the same images. Predictions that are saved already are not made again.

    Args:
        sources: Folders of two runs or more.
        split: Which of their images.
        data: Other labelled images than the runs' own: folder, manifest or card. Bundles need them.
        progress: Receives how many images are predicted.

    Returns:
        The metrics with intervals, the images gained and lost, and a verdict in words.

    Raises:
        ValueError: If there are fewer than two, one has no model, or their classes or images differ.

    Example:
        ::

            from imgcls import compare_runs

            print(compare_runs(["runs/photos-1", "runs/photos-2"]).found.verdict())
    """
    _check_sources(sources)
    subjects = [Subject.of(source) for source in sources]
    names = _names(subjects)
    every = [images_of(subject, split, data) for subject in subjects]
    _check_comparable(names, every)
    tables = [_predictions(judged, progress or Progress()) for judged in every]
    aligned = align(names, tables)
    found = compare_aligned(aligned) if len(names) == 2 else rank_aligned(aligned)
    part = f"the {every[0].part} split" if every[0].part != "all" else "all images"
    where = f"{part} of {data}" if data else part
    said = (ON_VALIDATION,) if split == "validation" and not data else ()
    return Compared(aligned, found, config_differences(names, subjects), where, said)


def config_differences(names: Sequence[str], subjects: Sequence[Subject]) -> TextTable | None:
    """The fields of the configs that are not alike, a row each; None if there is none."""
    flat = [_flat(subject.options) for subject in subjects]
    fields = sorted({field for each in flat for field in each} - set(NAMES_A_RUN))
    rows = [(field, *(_shown(each.get(field, "")) for each in flat)) for field in fields]
    differing = tuple(row for row in rows if len(set(row[1:])) > 1)
    return TextTable(("field", *names), differing) if differing else None


def _check_sources(sources: Sequence[str | Path]) -> None:
    """Raise ValueError unless at least two different folders are named."""
    if len(sources) < 2:
        raise ValueError(
            f"Expected two runs or more, and got {len(sources)}. "
            "For example: python -m imgcls.compare runs/photos-1 runs/photos-2"
        )
    seen: set[Path] = set()
    for source in sources:
        path = Path(source).resolve()
        if path in seen:
            raise ValueError(f"{source} is named twice. Name each run once.")
        seen.add(path)


def _names(subjects: Sequence[Subject]) -> list[str]:
    """The titles of the classifiers; their paths where two titles are the same."""
    titles = [subject.title for subject in subjects]
    return titles if len(set(titles)) == len(titles) else [str(subject.path) for subject in subjects]


def _check_comparable(names: Sequence[str], every: Sequence[Judged]) -> None:
    """Raise ValueError, before anything is predicted, if classes or images differ."""
    for name, judged in zip(names[1:], every[1:], strict=True):
        pair, both = (names[0], name), (every[0], judged)
        check_same_classes(pair, [each.subject.class_names for each in both])
        check_same_images(pair, [each.rows for each in both], judged.part)


def _predictions(judged: Judged, progress: Progress) -> PredictionTable:
    """Those that are saved, if they are of this model and these images; else new ones, which are saved."""
    saved = saved_predictions(judged.files.predictions, judged.facts(), judged.rows)
    if saved is not None:
        return saved
    on_progress = progress.of(f"Predicting with {judged.subject.title}", len(judged.rows))
    found = predict_table(judged.subject.load(), judged.manifest, judged.rows, judged.facts(), on_progress)
    return found.saved(judged.files.predictions)


def _flat(options: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in options.items():
        values |= value if isinstance(value, dict) else {name: value}
    return values


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
