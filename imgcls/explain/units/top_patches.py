"""What excites a unit: the patches of a data set with the highest response, each beside its deconvnet picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imgcls.explain.methods.deconvnet import deconvnet_of_unit
from imgcls.explain.network import Network
from imgcls.explain.units.patch import Window, cut
from imgcls.explain.units.strongest import Batches, Strongest, strongest_positions
from imgcls.explain.units.varied import varied_units
from imgcls.progress import ProgressFunction, no_progress

COUNT = 9  # patches a unit, as in figure 2 of the paper
NEUTRAL = 127.5  # the pixel value outside the image
HELD = 1 << 26  # bytes of images that wait for their projection


@dataclass(frozen=True)
class TopPatch:
    """A part of an image that excites a unit.

    Attributes:
        image: The image's name.
        row: Of the position in the feature map.
        column: Of the position.
        response: The unit's value there.
        window: What the position sees: left, top, right and bottom in pixels; it may reach over the border.
        pixels: (h, w, C), float32 in [0, 255], what is inside the window; as wide or high as the image where the window
            is wider or higher; gray outside the image.
        deconvnet: (h, w, C), float32, the response projected back to these pixels; around 0, of any range.
        seen: (h, w), bool, true at the pixels of the image that are inside the window.
    """

    image: str
    row: int
    column: int
    response: float
    window: Window
    pixels: np.ndarray
    deconvnet: np.ndarray
    seen: np.ndarray


@dataclass(frozen=True)
class UnitPatches:
    """What excites one unit.

    Attributes:
        layer: Whose unit it is.
        unit: Its number.
        patches: From the highest response down; none for a unit that is silent on every image.
    """

    layer: str
    unit: int
    patches: tuple[TopPatch, ...]


@dataclass(frozen=True)
class _Winner:
    """Where a patch is."""

    layer: str
    unit: int
    rank: int
    position: int  # row · width + column
    response: float


@dataclass(frozen=True)
class _Found:
    """A winner and its image."""

    winner: _Winner
    image: str
    pixels: np.ndarray


def top_patches(
    network: Network,
    images: Batches,
    units: Mapping[str, Sequence[int]],
    count: int = COUNT,
    most_units: int = 0,
    batch_size: int = 32,
    on_progress: ProgressFunction = no_progress,
) -> dict[str, list[UnitPatches]]:
    """The patches that excite units most, over a data set of any size, at most one an image.

    The images are read twice: first for the responses, then for the patches of the winners. Memory holds one batch,
    the numbers of the winners, and the patches that are returned. Exact zeros, as a ReLU gives, are no response, so a
    unit has fewer patches if fewer images excite it.

    Args:
        network: The classifier.
        images: Batches of pixels (B, H, W, C) in [0, 255] with the images' names; gives the same whenever it is
            iterated, as a list does and a generator does not.
        units: By the name of a layer, its units; none for all of that layer.
        count: Patches a unit.
        most_units: How many units of each layer are returned, the most selective and varied ones; 0 for all.
        batch_size: Images that are projected back at once.
        on_progress: Gets how many images were read, of both passes; the total is known in the second.

    Returns:
        By layer, its units: in their order, or from the most selective down where they were chosen.

    Raises:
        ValueError: If there is no image, no such layer or unit, or the images can be iterated only once.

    Reference:
        Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014, section 4 and figure 2.

    Example:
        >>> from imgcls.models import build_model
        >>> network = Network(build_model("lenet5", num_classes=10))
        >>> photos = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 1)).astype("float32")
        >>> found = top_patches(network, [(photos, ["a", "b", "c", "d"])], {"c1": [2]}, count=2)
        >>> [len(each.patches) for each in found["c1"]], found["c1"][0].patches[0].pixels.shape
        ([2], (5, 5, 1))
    """
    _check(network, images, units, count)
    strongest = strongest_positions(network, images, list(units), count, on_progress)
    wanted = {layer: _wanted(strongest[layer], some, most_units) for layer, some in units.items()}
    winners = _by_image(strongest, wanted)
    patches = _by_unit(_patches(network, images, winners, batch_size, on_progress))
    return {
        layer: [UnitPatches(layer, unit, patches.get((layer, unit), ())) for unit in some]
        for layer, some in wanted.items()
    }


def _check(network: Network, images: Batches, units: Mapping[str, Sequence[int]], count: int) -> None:
    if count < 1:
        raise ValueError(f"{count} patches a unit are wanted; expected at least 1.")
    if iter(images) is images:
        raise ValueError(
            "The images can be read only once, as those of a generator; expected what can be read twice, such as a "
            "list of batches, or an object whose __iter__ begins anew."
        )
    for layer, some in units.items():
        network.layer(layer)
        for unit in some:
            network.unit(layer, unit)


def _wanted(strongest: Strongest, units: Sequence[int], most: int) -> list[int]:
    return varied_units(strongest, most, units) if most else list(units) or list(range(len(strongest.responses)))


def _by_image(strongest: dict[str, Strongest], wanted: dict[str, list[int]]) -> dict[int, list[_Winner]]:
    """By the number of the image."""
    found: dict[int, list[_Winner]] = {}
    for layer, units in wanted.items():
        kept = strongest[layer]
        for unit in units:
            rows = zip(kept.images[unit], kept.positions[unit], kept.responses[unit], strict=True)
            for rank, (image, position, response) in enumerate(rows):
                if np.isfinite(response) and response:
                    winner = _Winner(layer, unit, rank, int(position), float(response))
                    found.setdefault(int(image), []).append(winner)
    return found


def _patches(
    network: Network,
    images: Batches,
    winners: dict[int, list[_Winner]],
    batch_size: int,
    on_progress: ProgressFunction,
) -> dict[_Winner, TopPatch]:
    """Read the images again; cut out the winners, and project them back, some at once."""
    most = max(HELD // (4 * network.size[0] * network.size[1] * network.channels), batch_size)
    waiting: dict[str, list[_Found]] = {}
    found: dict[_Winner, TopPatch] = {}
    for each in _found_again(images, winners, on_progress):
        held = waiting.setdefault(each.winner.layer, [])
        held.append(each)
        if len(held) >= most:
            found |= _projected(network, waiting.pop(each.winner.layer), batch_size)
    for held in waiting.values():
        found |= _projected(network, held, batch_size)
    return found


def _found_again(images: Batches, winners: dict[int, list[_Winner]], on_progress: ProgressFunction) -> Iterator[_Found]:
    done = 0
    for pixels, names in images:
        for row, name in enumerate(names):
            for winner in winners.get(done + row, ()):
                yield _Found(winner, name, np.array(pixels[row], np.float32))
        done += len(names)
        on_progress(done)


def _projected(network: Network, held: list[_Found], batch_size: int) -> dict[_Winner, TopPatch]:
    """The patches of one layer."""
    layer = network.layer(held[0].winner.layer)
    places = np.array([divmod(each.winner.position, layer.shape[1]) for each in held], np.int32)
    units = np.array([each.winner.unit for each in held], np.int32)
    pixels = np.stack([each.pixels for each in held])
    projections = deconvnet_of_unit(network, pixels, layer.name, units, places, batch_size)
    patches = {}
    for each, (row, column), projection in zip(held, places.tolist(), projections, strict=True):
        window = layer.window(row, column, network.size)
        patch, seen = cut(each.pixels, window, NEUTRAL)
        back, _ = cut(projection, window, 0.0)
        response = each.winner.response
        patches[each.winner] = TopPatch(each.image, row, column, response, window, patch, back, seen)
    return patches


def _by_unit(patches: dict[_Winner, TopPatch]) -> dict[tuple[str, int], tuple[TopPatch, ...]]:
    """The patches of each unit, from the highest response down."""
    found: dict[tuple[str, int], list[TopPatch]] = {}
    for winner in sorted(patches, key=lambda each: each.rank):
        found.setdefault((winner.layer, winner.unit), []).append(patches[winner])
    return {unit: tuple(some) for unit, some in found.items()}
