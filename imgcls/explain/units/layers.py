"""Layers that stand for the whole depth of a network."""

from itertools import pairwise

import numpy as np

from imgcls.explain.network import Network
from imgcls.models.feature_maps import PASSED_OVER, FeatureMap

NOT_YET_DONE = (
    "Activation",
    "ReLU",
    "GELU",
    "Normalization",
)  # what follows a convolution belongs to it: its map comes after


def layers_low_to_high(network: Network, count: int = 4) -> list[str]:
    """Some layers from the pixels to the answer, spread over the depth.

    These are the last maps of each resolution, behind their activation. Where there are more, some are left out evenly,
    the last never; where there are fewer, maps between them are added.

    Args:
        network: The classifier.
        count: How many; fewer if the network has fewer.

    Returns:
        Names of layers, in the order in which they are computed; empty for a network without feature maps.

    Raises:
        ValueError: The count is below 1.

    Example:
        >>> from imgcls.models import build_model
        >>> layers_low_to_high(Network(build_model("lenet5", num_classes=10)))
        ['c1', 'c3']
    """
    if count < 1:
        raise ValueError(f"{count} layers are wanted; expected at least 1.")
    maps = _complete_maps(network.maps)
    last_of = {each.shape[:2]: place for place, each in enumerate(maps)}
    ends = sorted(last_of.values())
    between = [place for place in range(len(maps)) if place not in last_of.values()]
    chosen = _evenly(ends, count)
    chosen += _evenly(between, count - len(chosen), from_first=True)
    return [maps[place].name for place in sorted(chosen)]


def _complete_maps(maps: list[FeatureMap]) -> list[FeatureMap]:
    """Those with several positions that no pooling made, and that no normalization or activation follows."""
    passed_over = {each.__name__ for each in PASSED_OVER}
    not_done = {before.name for before, after in pairwise(maps) if _belongs_to(after, before)}
    spatial = [each for each in maps if max(each.shape[:2]) > 1]
    return [each for each in spatial if each.kind not in passed_over and each.name not in not_done]


def _belongs_to(after: FeatureMap, before: FeatureMap) -> bool:
    return after.shape == before.shape and after.kind.endswith(NOT_YET_DONE)


def _evenly(places: list[int], count: int, from_first: bool = False) -> list[int]:
    """At most `count` of the places, with the last one, or with the first one."""
    if count <= 0 or len(places) <= count:
        return places[: max(count, 0)]
    if count == 1:
        return [places[0] if from_first else places[-1]]
    return [places[index] for index in np.linspace(0, len(places) - 1, count).round().astype(int)]
