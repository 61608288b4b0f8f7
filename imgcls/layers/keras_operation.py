"""A function of `keras.ops` in a functional model, as a layer."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import keras
from keras import KerasTensor
from typing_extensions import override

PLACE = "__input__"  # key of what stands for an input among the arguments


@keras.saving.register_keras_serializable("imgcls")
class KerasOperation(keras.layers.Layer):
    """What `x + y`, `x[:, 0]` or `keras.ops.abs(x)` left in the graph of a functional model.

    Keras keeps such a call as an operation, which has neither weights nor a precision. As a layer it is what everything
    that walks through a network knows.

    Args:
        operation: The config of a `keras.Operation`, as Keras serializes it.
        arguments: Of the call, in their order; {"__input__": 0} stands for the first input. Other values are as Keras
            serializes them.
        keywords: Of the call, likewise.

    Input shape:
        That of the operation; a list where it has several inputs.

    Output shape:
        That of the operation.
    """

    def __init__(
        self,
        operation: dict[str, Any],
        arguments: Sequence[Any] = ({PLACE: 0},),
        keywords: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._config: dict[str, Any] = {"operation": operation, "arguments": list(arguments)}
        self._config["keywords"] = dict(keywords or {})
        self._operation = keras.saving.deserialize_keras_object(deepcopy(operation), safe_mode=True)

    @override
    def call(self, inputs: KerasTensor | Sequence[KerasTensor]) -> Any:
        return self._applied(list(inputs) if isinstance(inputs, list | tuple) else [inputs])

    @override
    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = input_shape if isinstance(input_shape[0], list | tuple) else [input_shape]
        return self._applied([KerasTensor(shape, self.compute_dtype) for shape in shapes]).shape

    def _applied(self, tensors: Sequence[KerasTensor]) -> Any:
        arguments = [_filled(each, tensors) for each in self._config["arguments"]]
        keywords = {name: _filled(each, tensors) for name, each in self._config["keywords"].items()}
        return self._operation(*arguments, **keywords)

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **deepcopy(self._config)}


def _filled(template: Any, tensors: Sequence[KerasTensor]) -> Any:
    """What the template of an argument stands for."""
    if isinstance(template, dict) and PLACE in template:
        return tensors[template[PLACE]]
    if isinstance(template, list | tuple):
        return type(template)(_filled(each, tensors) for each in template)
    return keras.saving.deserialize_keras_object(deepcopy(template)) if isinstance(template, dict) else template
