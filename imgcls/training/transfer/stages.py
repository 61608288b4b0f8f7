"""The stages of a run: which blocks of the backbone are fine-tuned in which epochs, and at which rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from imgcls.training.transfer.blocks import Block, blocks

SHARES = {  # of the epochs: head, unless it is fitted, last blocks, everything
    "head": (1.0, 0.0, 0.0),
    "features": (1.0, 0.0, 0.0),
    "patches": (1.0, 0.0, 0.0),
    "last_blocks": (0.3, 0.7, 0.0),
    "all": (0.2, 0.3, 0.5),
    "scratch": (0.0, 0.0, 1.0),
}
STAGES = ("head", "last_blocks", "all")


@dataclass(frozen=True)
class Stage:
    """Epochs in which the same layers are trained.

    Attributes:
        name: of `STAGES`.
        first_epoch: from 0.
        last_epoch: the first epoch that is no longer in it.
        blocks: number of blocks of the backbone that are trained, counted from the last one, besides the head.
    """

    name: str
    first_epoch: int
    last_epoch: int
    blocks: int

    @property
    def on_features(self) -> bool:
        """Whether only the head is trained, on features of the frozen backbone."""
        return self.name == "head"


def stages(plan: str, epochs: int, total_blocks: int, unfreeze: int = 0, head_fitted: bool = False) -> list[Stage]:
    """Plan the stages of a run.

    Args:
        plan: a key of `SHARES`.
        epochs: of the run.
        total_blocks: blocks of the backbone.
        unfreeze: blocks that "last_blocks" fine-tunes; 0: a third of them.
        head_fitted: whether the head is at its optimum before the first epoch. Its stage then takes no epochs, and the
            others take all.

    Example:
        >>> [(stage.name, stage.last_epoch) for stage in stages("all", epochs=10, total_blocks=12)]
        [('head', 2), ('last_blocks', 5), ('all', 10)]
    """
    shares = np.array(SHARES[plan])
    if head_fitted:
        shares[0] = 0.0
        shares /= shares.sum() or 1.0
    ends = np.round(np.cumsum(shares) * epochs).astype(int)
    trained = (0, min(unfreeze or max(1, total_blocks // 3), total_blocks), total_blocks)
    found, start = [Stage("head", 0, 0, 0)] if head_fitted else [], 0
    for name, end, count in zip(STAGES, ends, trained, strict=True):
        if end > start:
            found.append(Stage(name, start, int(end), count))
            start = int(end)
    return found


def backbone_blocks(model: keras.Model) -> list[Block]:
    """The blocks with weights up to the embedding, the first ones first."""
    body = blocks(keras.Model(model.input, model.get_layer("embedding").output))
    return [block for block in body if any(layer.weights for layer in block.layers)]


def unfreeze(model: keras.Model, body: Sequence[Block], stage: Stage, keep_statistics: bool) -> None:
    """Make trainable what a stage trains, and freeze everything else.

    Args:
        model: the classifier; its layers are changed.
        body: as `backbone_blocks` gives it.
        stage: what is trained.
        keep_statistics: whether batch normalization in the backbone stays as the given weights have it.
    """
    known = {layer for block in body for layer in block.layers}
    free = {layer for block in body[len(body) - stage.blocks :] for layer in block.layers}
    for layer in model.layers:
        trained = layer in free or layer not in known
        normalization = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = trained and not (keep_statistics and normalization and layer in known)


def update_scales(
    model: keras.Model, body: Sequence[Block], stage: Stage, rate: float, decay: float
) -> list[tuple[keras.Variable, float]]:
    """The share of the learning rate of everything that is trainable.

    Args:
        model: the classifier, as `unfreeze` left it.
        body: as `backbone_blocks` gives it.
        stage: what is trained; a stage on features has no shares.
        rate: the share of the last block, in (0, 1].
        decay: layer decay: the share of a block, as a part of that of the block after it, in (0, 1].
    """
    if stage.on_features:
        return []
    depth_of = {id(weight): depth for depth, block in enumerate(reversed(body)) for weight in block.weights}
    return [(weight, rate * decay ** depth_of.get(id(weight), 0)) for weight in model.trainable_variables]
