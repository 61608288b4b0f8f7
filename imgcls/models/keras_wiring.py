"""The wiring that makes Keras layers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
from keras import KerasTensor, layers
from typing_extensions import override

from imgcls import layers as ours
from imgcls.data_format import channel_axis, spatial_axes
from imgcls.models.auxiliary import AuxiliaryHeads
from imgcls.models.foreign.flat_graph import on_tensor
from imgcls.models.window import Window
from imgcls.models.wiring import GATE_KERNEL, Sides, Wiring, sides

GROUPS = 32  # of group normalization: Wu and He, Group Normalization, 2018
POOLING = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
GLOBAL_POOLING = {"max": layers.GlobalMaxPooling2D, "average": layers.GlobalAveragePooling2D}


@dataclass(frozen=True)
class KerasWiring(Wiring[KerasTensor]):
    """Makes one Keras layer a call."""

    @cached_property
    def axis(self) -> int:
        """The axis of the channels of a feature map."""
        return channel_axis(self.data_format)

    def _kernel(self, place: str = "kernel") -> dict[str, Any]:
        return {f"{place}_initializer": ours.initializer(self.initializer), **self._penalty(place)}

    def _penalty(self, place: str = "kernel") -> dict[str, Any]:
        if not self.regularizer:
            return {}
        return {f"{place}_regularizer": ours.regularizer(self.regularizer, self.regularizer_strength)}

    def _sliding(self, window: Window) -> dict[str, Any]:
        return {"strides": window.strides, "padding": window.padding, "data_format": self.data_format}

    @override
    def channels(self, x: KerasTensor) -> int:
        return int(x.shape[self.axis])

    @override
    def size(self, x: KerasTensor) -> tuple[int, int]:
        height, width = (int(x.shape[axis]) for axis in spatial_axes(self.data_format))
        return height, width

    @override
    def zero_pad(self, x: KerasTensor, zeros: tuple[int, int] | Sides, *, name: str) -> KerasTensor:
        return layers.ZeroPadding2D(sides(zeros), data_format=self.data_format, name=name)(x)

    @override
    def crop(self, x: KerasTensor, cut: Sides, *, name: str) -> KerasTensor:
        return layers.Cropping2D(cut, data_format=self.data_format, name=name)(x)

    @override
    def _channel_slice(self, x: KerasTensor, start: int, count: int, *, name: str) -> KerasTensor:
        return ours.ChannelSlice(start, count, self.data_format, name=name)(x)

    @override
    def channel_shuffle(self, x: KerasTensor, groups: int, *, name: str) -> KerasTensor:
        return ours.ChannelShuffle(groups, self.data_format, name=name)(x)

    @override
    def _conv(self, x: KerasTensor, filters: int, window: Window, *, groups: int, bias: bool, name: str) -> KerasTensor:
        convolution = ours.Conv2D(
            filters,
            window.kernel,
            groups=groups,
            use_bias=bias,
            name=name,
            **self._sliding(window),
            **self._kernel(),
        )
        return convolution(x)

    @override
    def _depthwise(self, x: KerasTensor, window: Window, *, bias: bool, name: str) -> KerasTensor:
        convolution = ours.DepthwiseConv2D(
            window.kernel, use_bias=bias, name=name, **self._sliding(window), **self._kernel("depthwise")
        )
        return convolution(x)

    @override
    def _pool(self, x: KerasTensor, kind: str, window: Window, *, name: str) -> KerasTensor:
        if window.padding == "ceil" and kind == "max":
            return ours.CeilMaxPooling2D(window.kernel, window.strides, self.data_format, name=name)(x)
        return POOLING[kind](window.kernel, name=name, **self._sliding(window))(x)

    @override
    def _act(self, x: KerasTensor, activation: str, *, name: str) -> KerasTensor:
        return ours.activation(activation, self.data_format, name=name)(x)

    @override
    def _norm(self, x: KerasTensor, *, name: str) -> KerasTensor:
        axis = self.axis if len(x.shape) == 4 else -1
        shared = {"axis": axis, "epsilon": self.norm_epsilon, "scale": self.norm_scale, "name": name}
        if self.normalization == "batch":
            return ours.BatchNormalization(momentum=self.norm_momentum, **shared)(x)
        if self.normalization == "channel":
            return ours.LayerNormalization(self.norm_epsilon, self.norm_scale, self.data_format, name=name)(x)
        groups = 1 if self.normalization == "layer" else math.gcd(GROUPS, x.shape[axis])
        return layers.GroupNormalization(groups, **shared)(x)

    @override
    def _dropout(self, x: KerasTensor, rate: float, *, name: str) -> KerasTensor:
        return layers.Dropout(rate, name=name)(x)

    @override
    def _stochastic_depth(self, x: KerasTensor, rate: float, *, name: str) -> KerasTensor:
        return ours.StochasticDepth(rate, name=name)(x)

    @override
    def dense(self, x: KerasTensor, units: int, *, name: str, bias: bool = True) -> KerasTensor:
        return layers.Dense(units, use_bias=bias, name=name, **self._kernel())(x)

    @override
    def flatten(self, x: KerasTensor, *, name: str) -> KerasTensor:
        return layers.Flatten(self.data_format, name=name)(x)

    @override
    def global_pool(self, x: KerasTensor, kind: str, *, name: str) -> KerasTensor:
        return GLOBAL_POOLING[kind](data_format=self.data_format, name=name)(x)

    @override
    def add(self, x: KerasTensor, other: KerasTensor, *, name: str) -> KerasTensor:
        return layers.Add(name=name)([x, other])

    @override
    def scale(self, x: KerasTensor, factor: float, *, name: str) -> KerasTensor:
        return layers.Rescaling(factor, name=name)(x)

    @override
    def concat(self, branches: Sequence[KerasTensor], *, name: str) -> KerasTensor:
        return layers.Concatenate(self.axis, name=name)(branches)

    @override
    def squeeze_excite(
        self, x: KerasTensor, reduced: int, *, name: str, activation: str = "relu", gate: str = "sigmoid"
    ) -> KerasTensor:
        activation = self.every_activation or activation
        return ours.SqueezeExcitation(reduced, activation, gate, data_format=self.data_format, name=name)(x)

    @override
    def local_response_norm(
        self, x: KerasTensor, *, name: str, radius: int, bias: float, alpha: float, beta: float
    ) -> KerasTensor:
        return ours.LocalResponseNormalization(radius, bias, alpha, beta, data_format=self.data_format, name=name)(x)

    @override
    def parameter_free_shortcut(self, x: KerasTensor, filters: int, strides: int, *, name: str) -> KerasTensor:
        return ours.ParameterFreeShortcut(filters, strides, self.data_format, name=name)(x)

    @override
    def highway_gate(self, transformed: KerasTensor, x: KerasTensor, *, name: str) -> KerasTensor:
        gate = ours.HighwayGate(GATE_KERNEL, data_format=self.data_format, name=name)
        return gate([transformed, x])

    @override
    def oriented_gradients(self, x: KerasTensor, *, name: str) -> KerasTensor:
        return ours.HOG(data_format=self.data_format, name=name)(x)

    @override
    def pointwise(self, x: KerasTensor, filters: int, *, name: str) -> KerasTensor:
        return ours.PointwiseConv2D(filters, data_format=self.data_format, name=name, **self._kernel())(x)

    @override
    def global_response_norm(self, x: KerasTensor, *, name: str) -> KerasTensor:
        return ours.GlobalResponseNormalization(data_format=self.data_format, name=name)(x)

    @override
    def layer_scale(self, x: KerasTensor, initial_value: float, *, name: str) -> KerasTensor:
        return ours.LayerScale(initial_value, self.data_format, name=name)(x)

    @override
    def tokens(self, x: KerasTensor, *, name: str) -> KerasTensor:
        return ours.MapToTokens(self.data_format, name=name)(x)

    @override
    def tokens_to_map(self, x: KerasTensor, grid: tuple[int, int], *, name: str) -> KerasTensor:
        return ours.TokensToMap(grid, self.data_format, name=name)(x)

    @override
    def class_token(self, x: KerasTensor, registers: int = 0, *, name: str) -> KerasTensor:
        return ours.ClassToken(registers, name=name)(x)

    @override
    def position_embedding(self, x: KerasTensor, grid: tuple[int, int], *, name: str) -> KerasTensor:
        return ours.PositionEmbedding(grid, name=name)(x)

    @override
    def self_attention(self, x: KerasTensor, heads: int, *, name: str) -> KerasTensor:
        return ours.SelfAttention(heads, name=name, **self._kernel())(x)

    @override
    def token_pool(self, x: KerasTensor, kind: str, prefix: int, *, name: str) -> KerasTensor:
        return ours.TokenPooling(kind, prefix, name=name)(x)

    @override
    def auxiliary(self, logits: KerasTensor, others: Sequence[KerasTensor], weight: float, *, name: str) -> KerasTensor:
        return AuxiliaryHeads(weight, name=name)([logits, *others])

    @override
    def logits(self, x: KerasTensor, num_classes: int, *, name: str) -> KerasTensor:
        return layers.Dense(num_classes, dtype="float32", name=name, **self._penalty())(x)

    @override
    def apply(self, layer: keras.layers.Layer, x: KerasTensor | Sequence[KerasTensor]) -> KerasTensor:
        return layer(x)

    @override
    def keras_model(self, model: keras.Model, x: KerasTensor) -> KerasTensor:
        return on_tensor(model, x)
