"""What a network looks like after each epoch: its first kernel, and the activation maps of a few images."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imgcls.data_format import CHANNELS_LAST
from imgcls.files import remove, replacing
from imgcls.framework_internals import graph_nodes
from imgcls.models.feature_maps import PASSED_OVER
from imgcls.models.recursion import deep_networks
from imgcls.training.run_output import RunOutput
from imgcls.training.trainer import Trainer
from imgcls.training.trainer_variables import as_array
from imgcls.training.watched_images import WatchedImages, read_arrays

LAYERS, UNITS = 4, 8  # that are watched; units of each layer
SIDE = 56  # positions; larger maps are averaged down to at most this many a side
LARGEST = 65504.0  # number of float16
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class WatchedEpoch:
    """A network after an epoch.

    Attributes:
        epoch: From 1; 0 is the network before training.
        convolution: The name of the first convolution.
        kernel: Its weights, (height, width, input channels, filters), float32.
        maps: By the name of a layer, (B, h, w, units), float16: its first `UNITS` units, with at most `SIDE` positions
            a side.
    """

    epoch: int
    convolution: str
    kernel: np.ndarray
    maps: dict[str, np.ndarray]

    def save(self, folder: Path) -> None:
        """Write it into a folder, whole or not at all. The same values give the same bytes."""
        arrays: dict[str, Any] = {f"kernel {self.convolution}": self.kernel} | {
            f"map {name}": x for name, x in self.maps.items()
        }
        with replacing(epoch_file(folder, self.epoch)) as partial:
            np.savez_compressed(partial, **arrays)

    @classmethod
    def load(cls, folder: Path, epoch: int) -> "WatchedEpoch":
        """What `save` wrote. Raises OSError or ValueError if it is not there or damaged."""
        arrays = read_arrays(epoch_file(folder, epoch))
        ((convolution, kernel),) = _called("kernel ", arrays).items()
        return cls(epoch, convolution, kernel, _called("map ", arrays))


def _called(kind: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(kind): arrays[name] for name in arrays if name.startswith(kind)}


def epoch_file(folder: Path, epoch: int) -> Path:
    """Where the arrays of an epoch stand."""
    return folder / f"epoch_{epoch:04d}.npz"


def watched_epochs(folder: Path) -> list[int]:
    """The epochs of which the folder has arrays, in their order."""
    found = (re.fullmatch(r"epoch_(\d+)\.npz", path.name) for path in folder.glob("epoch_*.npz"))
    return sorted(int(match[1]) for match in found if match)


class Watcher(keras.callbacks.Callback):
    """Keeps what the network looks like before training and after each epoch, with the weights that are validated.

    It only reads: a run ends with the same weights with and without it. Epochs in which nothing before the highest
    watched layer is trained are left out, because they would repeat the one before.

    Args:
        trainer: Whose model is watched.
        output: Of the run, whose folder gets the arrays.
        images: What the activation maps are of.
        steps_per_epoch: Number of steps.
    """

    @deep_networks()
    def __init__(self, trainer: Trainer, output: RunOutput, images: WatchedImages, steps_per_epoch: int) -> None:
        super().__init__()
        self.trainer, self.output, self.images, self.steps_per_epoch = trainer, output, images, steps_per_epoch
        self.folder = output.run.watch
        self._layout = trainer.model.get_layer("standardization").data_format
        part = keras.Model(trainer.model.input, trainer.model.get_layer("logits").output)
        nodes = [node for node in graph_nodes(part) if node.input_tensors]
        self._convolution: Any = next(
            (x.operation for x in nodes if isinstance(x.operation, keras.layers.Conv2D)), None
        )
        self._maps = _low_to_high([node for node in nodes if self._is_map(node)], self._side)
        self._able = self._convolution is not None and bool(self._maps) and bool(len(images.labels))
        self._part = keras.Model(part.input, [node.outputs[0] for node in self._maps]) if self._able else part

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Keep the network as it is before training; forget the epochs that a resumed run trains again."""
        step = self.trainer.progress.step
        if not self._able:
            log.info("--watch has nothing to draw: %s", self._why_not())
            return
        self.output.write(lambda: _forget_after(self.folder, step // self.steps_per_epoch if step else -1))
        if step == 0:
            self.output.write(lambda: self.images.save(self.folder))
            self._keep(0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep the network as it is now."""
        if self._able and self._part.trainable_weights and epoch >= 0:
            self._keep(epoch + 1)

    def _why_not(self) -> str:
        if not len(self.images.labels):
            return "no image could be read."
        return f"{self.trainer.model.name} has no convolution."

    def _keep(self, epoch: int) -> None:
        with self.trainer.averaged_weights():
            now = self._now(epoch)
        self.output.write(lambda: now.save(self.folder))

    def _now(self, epoch: int) -> WatchedEpoch:
        outputs = keras.tree.flatten(self._part(self.images.pixels, training=False))
        names = [node.operation.name for node in self._maps]
        maps = {name: self._shown(x) for name, x in zip(names, outputs, strict=True)}
        kernel = as_array(self._convolution.kernel).astype(np.float32)
        return WatchedEpoch(epoch, self._convolution.name, kernel, maps)

    def _shown(self, output: tf.Tensor) -> np.ndarray:
        """Some units of a layer's output, made smaller: (B, h, w, units)."""
        maps = tf.cast(output, tf.float32).numpy()
        maps = maps if self._layout == CHANNELS_LAST else np.moveaxis(maps, 1, -1)
        maps = np.clip(averaged_down(maps[..., :UNITS], SIDE), -LARGEST, LARGEST)
        return np.asarray(maps, np.float16)

    def _is_map(self, node: Any) -> bool:
        shape = node.outputs[0].shape
        there = len(shape) == 4 and None not in shape[1:] and not isinstance(node.operation, PASSED_OVER)
        return there and node.operation.name != "standardization" and self._side(node) > 1

    def _side(self, node: Any) -> int:
        """The shorter side of a map."""
        shape = node.outputs[0].shape
        return int(min(shape[1:3] if self._layout == CHANNELS_LAST else shape[2:4]))


def _low_to_high(nodes: Sequence[Any], side: Callable[[Any], int]) -> list[Any]:
    """The first activation and the last map of each size, the large ones first; `LAYERS` of them, spread evenly."""
    ends = {side(node): node for node in nodes}
    first = [node for node in nodes if isinstance(node.operation, keras.layers.Activation)][:1]
    found = {node.operation.name: node for node in [*first, *(ends[size] for size in sorted(ends, reverse=True))]}
    places: list[int] = np.unique(np.linspace(0, len(found) - 1, LAYERS).astype(int)).tolist() if found else []
    return [list(found.values())[place] for place in places]


def averaged_down(maps: np.ndarray, side: int) -> np.ndarray:
    """Maps with at most `side` positions a side: means of squares; what does not fill a square is left out.

    Args:
        maps: (B, h, w, C).
        side: Positions.

    Example:
        >>> averaged_down(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, ..., 0].tolist()
        [[2.5, 4.5], [10.5, 12.5]]
    """
    count, height, width, channels = maps.shape
    by = -(-max(height, width) // side)
    if by == 1:
        return maps
    rows, columns = height // by, width // by
    whole = maps[:, : rows * by, : columns * by]
    means: np.ndarray = whole.reshape(count, rows, by, columns, by, channels).mean(axis=(2, 4))
    return means


def _forget_after(folder: Path, epoch: int) -> None:
    for each in watched_epochs(folder):
        if each > epoch:
            for file in (epoch_file(folder, each), epoch_file(folder, each).with_suffix(".png")):
                remove(file)
