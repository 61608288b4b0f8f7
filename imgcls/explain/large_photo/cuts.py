"""Where a network can be cut in two: at feature maps that all later layers are computed from."""

import math
from dataclasses import dataclass
from typing import Any

import keras

from imgcls.explain.network import Network
from imgcls.models.receptive_field import Fields

AT_ONCE = 3  # outputs as large as the largest one in memory together: of a convolution, its norm and its activation
FLOAT_BYTES = 4


@dataclass(frozen=True)
class Cut:
    """A feature map that the layers before it hand to those after it, and nothing else does.

    The layers before it have the large maps and see little, those after it have small maps and see much. So a photo
    passes the first ones in tiles with a narrow margin, and the others as a whole.

    Attributes:
        layer: The name of the layer that computes the map.
        positions: Height and width of the map of one window.
        fields: What its first position sees.
        before: Bytes of memory for each pixel of a photo while the layers before it are computed.
        after: Likewise for those after it.
    """

    layer: str
    positions: tuple[int, int]
    fields: Fields
    before: float
    after: float

    @property
    def stride(self) -> tuple[int, int]:
        """Pixels from one position to the next."""
        return self.fields[0].stride, self.fields[1].stride


def cuts(network: Network, body: list[Any]) -> list[Cut]:
    """The cuts of the layers that compute the feature maps, in order; the last one is behind all of them.

    Args:
        network: The classifier.
        body: Calls of layers, each after those that it depends on; the last one computes the last map.
    """
    maps = {each.name: each for each in network.maps}
    sizes = [_bytes(node.outputs[0], network) for node in body]
    last_use = {id(tensor): place for place, node in enumerate(body) for tensor in node.input_tensors}
    made = [last_use.get(id(node.outputs[0]), len(body)) for node in body]
    found, in_use = [], -1  # up to where an earlier output is still wanted
    for place, node in enumerate(body):
        each = maps.get(node.operation.name)
        if each and isinstance(each.fields, tuple) and in_use <= place:
            before, after = max(sizes[: place + 1]), max(sizes[place + 1 :], default=0.0)
            found.append(Cut(each.name, each.shape[:2], each.fields, before, after))
        in_use = max(in_use, made[place])
    return found


def _bytes(tensor: keras.KerasTensor, network: Network) -> float:
    return float(AT_ONCE * FLOAT_BYTES * math.prod(tensor.shape[1:]) / math.prod(network.size))
