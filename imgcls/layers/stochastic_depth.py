"""Stochastic depth, also called drop path."""

from typing import Any

import keras
from typing_extensions import override


@keras.saving.register_keras_serializable("imgcls")
class StochasticDepth(keras.layers.Dropout):
    """Drops the whole input of some samples in training; stands at the end of a residual branch.

    As in most code since the paper, what survives is divided by 1 - rate in training, where the paper multiplies by it
    in inference: the expected value is the same.

    Args:
        rate: Share in [0, 1] of the samples that become zero. In inference the input passes unchanged.
        seed: Of the draws.

    Input shape:
        (B, ...), any layout.

    Output shape:
        As the input's.

    Reference:
        Huang et al., Deep Networks with Stochastic Depth, 2016.

    Example:
        >>> StochasticDepth(0.5)(keras.ops.ones((1, 2))).numpy().tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed=seed, **kwargs)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.noise_shape = (None, *(1 for _ in input_shape[1:]))  # one draw a sample
        super().build(input_shape)

    @override
    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["noise_shape"]
        return config
