"""The pictures of a run that was trained with --watch."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from imgcls.explain.views.training_strip import Stage, shown_epochs, stage_sheet, strip
from imgcls.files import replacing
from imgcls.run_folder import RunFolder
from imgcls.training.watched_images import WatchedImages
from imgcls.training.watching import WatchedEpoch, epoch_file, watched_epochs

SHARE = 0.02  # of the time, that drawing may take while the run trains
NOT_TRAINED = "one epoch, because the plan of this run does not train these layers"
log = logging.getLogger(__name__)


def strip_file(run: RunFolder) -> Path:
    """Where the strip of a run stands."""
    return run.watch / "strip.png"


def draw_watched(run: RunFolder | str | Path) -> Path | None:
    """Draw the strip of a run that was trained with --watch, and those of its epochs that were not drawn yet.

    Of more than twelve epochs those of the strip are drawn.

    Args:
        run: The run, or its folder.

    Returns:
        The strip; None if the run kept nothing.

    Example:
        ::

            from imgcls.workflow.watch import draw_watched

            draw_watched("runs/photos-1")
    """
    run = RunFolder.of(run)
    epochs = watched_epochs(run.watch)
    if not epochs:
        return None
    chosen = [epochs[place] for place in shown_epochs(len(epochs))]
    for epoch in chosen:
        if not _is_drawn(run, epoch):
            draw_epoch(run, epoch)
    images = WatchedImages.load(run.watch)
    title = f"{run.path.name}: how {run.config.network.model} came about"
    note = NOT_TRAINED if len(epochs) == 1 and len(run.metrics()) else ""
    sheet = strip([_stage(run, epoch) for epoch in chosen], images.pixels, images.labels, title, note)
    return _saved(sheet, strip_file(run))


def draw_if_watched(run: RunFolder) -> None:
    """Draw what a run kept, if it was to keep anything; what cannot be drawn is said, and ends nothing."""
    if run.config.training.watch:
        _tried(lambda: draw_watched(run))


def draw_epoch(run: RunFolder, epoch: int) -> Path:
    """Draw the first filters and the activation maps after one epoch; gives the file, such as watch/epoch_0003.png."""
    images = WatchedImages.load(run.watch)
    when = f"after epoch {epoch}" if epoch else "before training"
    title = f"{run.path.name}: {run.config.network.model} {when}"
    sheet = stage_sheet(_stage(run, epoch), images.pixels, images.labels, title)
    return _saved(sheet, _picture(run, epoch))


def drawing(run: RunFolder, on_epoch: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """The function for the end of an epoch that also draws it, as often as that takes a fiftieth of the time.

    Args:
        run: The run that trains.
        on_epoch: Called with the metrics of each epoch.
    """
    if not run.config.training.watch:
        return on_epoch
    free = 0.0

    def draw(row: dict[str, Any]) -> None:
        nonlocal free
        on_epoch(row)
        began = time.monotonic()
        if began >= free and epoch_file(run.watch, row["epoch"]).is_file():
            _tried(lambda: draw_epoch(run, row["epoch"]))
            free = time.monotonic() + (time.monotonic() - began) / SHARE

    return draw


def _tried(work: Callable[[], object]) -> None:
    """Do it; a disk that refuses does not end the run."""
    try:
        work()
    except (OSError, ValueError) as error:
        log.warning("What --watch kept could not be drawn: %s. The run goes on.", error)


def _stage(run: RunFolder, epoch: int) -> Stage:
    kept = WatchedEpoch.load(run.watch, epoch)
    return Stage(kept.epoch, kept.convolution, kept.kernel, kept.maps)


def _picture(run: RunFolder, epoch: int) -> Path:
    return epoch_file(run.watch, epoch).with_suffix(".png")


def _is_drawn(run: RunFolder, epoch: int) -> bool:
    """Whether the picture is younger than the arrays, which a resumed run writes again."""
    picture, arrays = _picture(run, epoch), epoch_file(run.watch, epoch)
    return picture.is_file() and picture.stat().st_mtime >= arrays.stat().st_mtime


def _saved(image: Image.Image, file: Path) -> Path:
    with replacing(file) as partial:
        image.save(partial, "PNG")
    return file
