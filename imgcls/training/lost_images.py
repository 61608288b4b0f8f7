"""The images that could be read before training and no longer can."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import tensorflow as tf

from imgcls.data.batches.order import example_at
from imgcls.run_folder import RunFolder

log = logging.getLogger(__name__)


class LostImages:
    """Callable with the position of an example that could not be read: logs and notes its file, the first time.

    Args:
        run: where the files are noted.
        paths: of the training images.
        order: from positions to examples, of `imgcls.data.batches.order`.
    """

    def __init__(self, run: RunFolder, paths: Sequence[Path], order: Callable[[tf.Tensor], tf.Tensor]) -> None:
        self.run, self.paths, self.order = run, paths, order
        self._named = set(run.lost())

    def __call__(self, position: int) -> None:
        """Note the image at a position of the run."""
        path = str(self.paths[example_at(self.order, position)])
        if path not in self._named:
            self._named.add(path)
            log.warning("%s can no longer be read and is left out.", path)
            self.run.note_lost(path)
