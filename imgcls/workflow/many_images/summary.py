"""What is said of many predictions, in a memory that does not grow with their number."""

import re
from collections import Counter
from collections.abc import Sequence

from imgcls.image_files import shown_name
from imgcls.serving.named_image import NamedImage
from imgcls.serving.predictions import Predictions
from imgcls.workflow.many_images.sorted_copies import places_of

MOST_KEPT = 100  # predictions that are kept for the terminal
MOST_REASONS = 1000  # different ones that are counted
OTHER_REASONS = "other reasons"


class Summary:
    """Counts of what was predicted, and the first predictions.

    Attributes:
        count: Images.
        problems: Images that could not be read.
        before: Images whose rows were there before.
        problems_before: Those of them that could not be read.
        answers: How many images got each class or other answer; of several labels, each counts.
        reasons: How many images could not be read for each reason, whose numbers stand as "...".
        transcoded_count: Images of which a PNG was read.
        transcoded: The names of the first of them.
        new_files: Copies or links by class that were made.
        equal_files: Those that were not, because an equal one of the same name is there.
        first: The first predictions, with the names of their images, in batches; all if there are at most `MOST_KEPT`.
        first_problems: The names of the first images that could not be read, and the reasons.
    """

    def __init__(self) -> None:
        self.count, self.problems, self.transcoded_count = 0, 0, 0
        self.before, self.problems_before = 0, 0
        self.new_files, self.equal_files = 0, 0
        self.answers: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.transcoded: list[str] = []
        self.first: list[tuple[list[str], Predictions]] = []
        self.first_problems: list[tuple[str, str]] = []

    def add_before(self, problem: str) -> None:
        """Count an image whose row was there before. problem: Of the row; empty if there is none."""
        self.before += 1
        self.problems_before += bool(problem)

    def add(self, images: Sequence[NamedImage], predictions: Predictions) -> None:
        """Count some more predictions."""
        names = [image.name for image in images]
        if self.count < MOST_KEPT:
            self.first.append((names, predictions))
        self.count += len(names)
        for name, problem, places in zip(names, predictions.problems, places_of(predictions), strict=True):
            if problem:
                self._add_problem(name, problem)
            else:
                self.answers.update(places)
        self.transcoded_count += len(predictions.transcoded)
        self.transcoded += [shown_name(path) for path in predictions.transcoded][: MOST_KEPT - len(self.transcoded)]

    @property
    def is_small(self) -> bool:
        """Whether all predictions are kept."""
        return self.count <= MOST_KEPT

    def _add_problem(self, name: str, problem: str) -> None:
        self.problems += 1
        if len(self.first_problems) < MOST_KEPT:
            self.first_problems.append((name, problem))
        reason = re.sub(r"\d[\d,.]*", "...", problem)
        self.reasons[reason if reason in self.reasons or len(self.reasons) < MOST_REASONS else OTHER_REASONS] += 1
