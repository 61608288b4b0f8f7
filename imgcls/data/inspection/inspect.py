"""Every file of a manifest is opened before training, so that a broken one is found at once and not after hours."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from imgcls.data.inspection.cache import FACTS, InspectionCache, stamp
from imgcls.data.manifest.table import Manifest
from imgcls.progress import ProgressFunction, no_progress

if TYPE_CHECKING:
    from imgcls.data.images.reading import ReadResult

FILES_AT_ONCE = 512  # that are looked up in the cache, and written to it, together


def inspect(
    manifest: Manifest,
    on_progress: ProgressFunction = no_progress,
    again: bool = False,
    before_opening: Callable[[], None] = lambda: None,
) -> Manifest:
    """Decode every image that has not been seen yet, with the decoder that training uses.

    A file that the user's cache knows, by path, size and time of its last change, is not opened. Images that TensorFlow
    cannot decode are transcoded into the cache, where `Manifest.paths` finds them.

    Args:
        manifest: The manifest.
        on_progress: Gets the number of rows done so far.
        again: Whether to open the images that were seen before as well; rows that have a problem keep it.
        before_opening: Called, perhaps several times, before TensorFlow is imported, which only unknown files need.

    Returns:
        The manifest with width, height, grayscale, format, sha256, perceptual_hash, thumbnail, traits, problems, and
        the measures of `imgcls.data.inspection.quality`.
    """
    table = manifest.table.copy()
    unseen = table[(table["problems"] == "") & ((table["sha256"] == "") | again)]  # annotations may state the size
    rows_of = defaultdict(list)
    for row, image in zip(unseen.index, unseen["image"], strict=True):
        rows_of[image].append(row)
    found: dict[int, dict[str, Any]] = {}
    done = 0
    every = _facts_of([f"{manifest.root}/{image}" for image in rows_of], before_opening)
    for image, facts in zip(rows_of, every, strict=True):
        done += len(rows_of[image])
        found |= dict.fromkeys(rows_of[image], facts)
        on_progress(done)
    for column in (*FACTS, "problems"):
        values = {row: facts[column] for row, facts in found.items() if column in facts}
        table.loc[list(values), column] = list(values.values())
    return Manifest(table, manifest.root)


def _facts_of(paths: list[str], before_opening: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """The facts of each file by column, in the order of `paths`; only `problems` for one that cannot be used."""
    with InspectionCache() as cache:
        for begin in range(0, len(paths), FILES_AT_ONCE):
            part = paths[begin : begin + FILES_AT_ONCE]
            known = cache.find(part)
            stamps = {path: stamp(path) for path in part if path not in known}
            looked: list[tuple[str, tuple[int, int], dict[str, Any]]] = []
            outcomes: Iterator[ReadResult] = iter(())
            if stamps:
                before_opening()
                from imgcls.data.images.reading import for_each_file
                from imgcls.data.inspection.facts import image_facts

                outcomes = for_each_file(stamps, image_facts)
            for path in part:
                if path in known:
                    yield known[path]
                    continue
                outcome = next(outcomes)
                facts = outcome.result or {"problems": outcome.problem}
                stamped = stamps[path]
                if "problems" not in facts and stamped is not None:
                    looked.append((path, stamped, facts))
                yield facts
            cache.keep(looked)
