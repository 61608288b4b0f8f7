"""What every view is handed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.explain.network import Network
from imgcls.image_files import shown_name
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.workflow.explanation.images import LookedAt, images_to_look_at
from imgcls.workflow.explanation.request import ExplainRequest
from imgcls.workflow.explanation.written import Written

MOST_IMAGES = 12  # of the views that draw a page for each image


@dataclass(frozen=True)
class Explaining:
    """A network that is being explained.

    Attributes:
        network: The classifier.
        paths: The image files that are named; empty where none are.
        request: What is asked.
        written: Where it is written.
        progress: Receives how much is done.
        run: The run; None for a bundle, and for an architecture with published weights.
    """

    network: Network
    paths: Sequence[Path]
    request: ExplainRequest
    written: Written
    progress: Progress
    run: RunFolder | None = None

    @property
    def preprocessing(self) -> Preprocessing:
        """How images become the network's pixels."""
        return Preprocessing(**self.network.preprocessing)

    @cached_property
    def looked_at(self) -> LookedAt:
        """The images that the views of the network look at."""
        return images_to_look_at(self.run, self.request, self.preprocessing)

    @cached_property
    def shown_images(self) -> tuple[np.ndarray, list[str], list[tuple[str, str]]]:
        """The first of the named images that can be read: pixels (N, H, W, C), names, and (file, problem) of the
        others that were tried."""
        pixels, names, problems = [], [], []
        for outcome in read_images(self.paths, self.preprocessing):
            if outcome.problem:
                problems.append((shown_name(outcome.path), outcome.problem))
            else:
                pixels.append(outcome.result)
                names.append(shown_name(outcome.path.name))
            if len(pixels) == MOST_IMAGES:
                break
        shape = (0, *self.network.size, self.network.channels)
        return np.stack(pixels) if pixels else np.zeros(shape, np.float32), names, problems
