"""The wiring that makes Keras layers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import keras
from keras import layers

from imgcls import layers as ours
from imgcls.data_format import channel_axis
from imgcls.models.auxiliary import AuxiliaryHeads
from imgcls.models.wiring import GATE_KERNEL, Wiring

GROUPS = 32  # of group normalisation: Wu and He, Group Normalization, 2018


@dataclass(frozen=True)
class KerasWiring(Wiring):
    """Makes one Keras layer a call."""

    @cached_property
    def axis(self) -> int:
        return channel_axis(self.data_format)

    def _kernel(self, place: str = "kernel") -> dict:
        return {f"{place}_initializer": ours.initializer(self.initializer), **self._penalty(place)}

    def _penalty(self, place: str = "kernel") -> dict:
        if not self.regularizer:
            return {}
        return {f"{place}_regularizer": ours.regularizer(self.regularizer, self.regularizer_strength)}

    def channels(self, x) -> int:
        return x.shape[self.axis]

    def zero_pad(self, x, zeros, *, name: str):
        return layers.ZeroPadding2D(zeros, data_format=self.data_format, name=name)(x)

    def _conv(self, x, filters: int, kernel, strides: int, padding: str, groups: int, bias: bool, name: str):
        return ours.Conv2D(
            filters,
            kernel,
            strides,
            padding,
            groups=groups,
            use_bias=bias,
            data_format=self.data_format,
            name=name,
            **self._kernel(),
        )(x)

    def _depthwise(self, x, kernel, strides: int, padding: str, bias: bool, name: str):
        return ours.DepthwiseConv2D(
            kernel,
            strides,
            padding,
            use_bias=bias,
            data_format=self.data_format,
            name=name,
            **self._kernel("depthwise"),
        )(x)

    def _pool(self, x, kind: str, size: int, strides: int, padding: str, name: str):
        pooling = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[kind]
        return pooling(size, strides, padding, data_format=self.data_format, name=name)(x)

    def _act(self, x, activation: str, name: str):
        return ours.activation(activation, self.data_format, name=name)(x)

    def _norm(self, x, name: str):
        axis = self.axis if len(x.shape) == 4 else -1
        shared = {"axis": axis, "epsilon": self.norm_epsilon, "scale": self.norm_scale, "name": name}
        if self.normalization == "batch":
            return ours.BatchNormalization(momentum=self.norm_momentum, **shared)(x)
        groups = 1 if self.normalization == "layer" else math.gcd(GROUPS, x.shape[axis])
        return layers.GroupNormalization(groups, **shared)(x)

    def _dropout(self, x, rate: float, name: str):
        return layers.Dropout(rate, name=name)(x)

    def _stochastic_depth(self, x, rate: float, name: str):
        return ours.StochasticDepth(rate, name=name)(x)

    def dense(self, x, units: int, *, name: str, bias: bool = True):
        return layers.Dense(units, use_bias=bias, name=name, **self._kernel())(x)

    def flatten(self, x, *, name: str):
        return layers.Flatten(self.data_format, name=name)(x)

    def global_pool(self, x, kind: str, *, name: str):
        pooling = {"max": layers.GlobalMaxPooling2D, "average": layers.GlobalAveragePooling2D}[kind]
        return pooling(data_format=self.data_format, name=name)(x)

    def add(self, x, other, *, name: str):
        return layers.Add(name=name)([x, other])

    def scale(self, x, factor: float, *, name: str):
        return layers.Rescaling(factor, name=name)(x)

    def concat(self, branches: Sequence, *, name: str):
        return layers.Concatenate(self.axis, name=name)(branches)

    def squeeze_excite(self, x, reduced: int, *, name: str, activation="relu", gate="sigmoid"):
        activation = self.every_activation or activation
        return ours.SqueezeExcitation(reduced, activation, gate, data_format=self.data_format, name=name)(x)

    def local_response_norm(self, x, *, name: str, radius: int, bias: float, alpha: float, beta: float):
        return ours.LocalResponseNormalization(radius, bias, alpha, beta, data_format=self.data_format, name=name)(x)

    def parameter_free_shortcut(self, x, filters: int, strides: int, *, name: str):
        return ours.ParameterFreeShortcut(filters, strides, self.data_format, name=name)(x)

    def highway_gate(self, transformed, x, *, name: str):
        gate = ours.HighwayGate(GATE_KERNEL, data_format=self.data_format, name=name)
        return gate([transformed, x])

    def oriented_gradients(self, x, *, name: str):
        return ours.HOG(data_format=self.data_format, name=name)(x)

    def auxiliary(self, logits, others: Sequence, weight: float, *, name: str):
        return AuxiliaryHeads(weight, name=name)([logits, *others])

    def logits(self, x, num_classes: int, *, name: str):
        return layers.Dense(num_classes, dtype="float32", name=name, **self._penalty())(x)

    def apply(self, layer: keras.layers.Layer, x):
        return layer(x)
