"""The private members of Keras and TensorFlow that the package uses: all of them, and only here.

Each function says what it needs and why no public member gives it. `tests/test_framework_internals.py` asks every one
of them, so that it fails on an upgrade that moves one. The optimizers' hooks, which are overridden and not read, are
in `imgcls.training.optimizers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

if TYPE_CHECKING:
    import keras  # whoever serves does without


def all_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Every layer of a model, with the layers inside of other layers, which `model.layers` leaves out."""
    return list(model._flatten_layers())


def seed_generators(model: keras.Model) -> list[keras.random.SeedGenerator]:
    """The seed generators of all layers, such as dropout's. Keras saves their states nowhere."""
    return [generator for layer in all_layers(model) for generator in getattr(layer, "_seed_generators", [])]


@contextmanager
def downloaded_file(path: Path) -> Iterator[None]:
    """Within, `keras.applications` takes this file in place of what it would download.

    Its own way to name a file builds EfficientNet without the layer that its published weights need.
    """
    from keras.src.utils import file_utils

    before = file_utils.get_file
    file_utils.get_file = lambda *args, **kwargs: str(path)
    try:
        yield
    finally:
        file_utils.get_file = before


def producer(tensor: keras.KerasTensor) -> tuple[Any, int]:
    """The operation that made a symbolic tensor, and at which of its calls."""
    operation, index, _ = tensor._keras_history
    return operation, index


def inputs_of_call(operation: Any, index: int) -> list[keras.KerasTensor]:
    """The symbolic tensors that an operation was given at that call."""
    tensors: list[keras.KerasTensor] = operation._inbound_nodes[index].input_tensors
    return tensors


def graph_nodes(model: keras.Model) -> list[Any]:
    """The calls that make up a functional model, each after those that it depends on."""
    return [node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth]]


def variable_index(optimizer: keras.optimizers.Optimizer, variable: keras.Variable) -> int:
    """The place of a variable among those that the optimizer was built on."""
    index: int = optimizer._get_variable_index(variable)
    return index


def learning_rate_schedule(optimizer: keras.optimizers.Optimizer) -> Any:
    """The schedule that an optimizer was given; `optimizer.learning_rate` is only its value at this step."""
    return optimizer._learning_rate


def averaged_variables(optimizer: keras.optimizers.Optimizer) -> Iterator[tuple[keras.Variable, keras.Variable]]:
    """Each trainable variable with its exponential moving average (EMA)."""
    return zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True)


def function_with_constants(function: Any) -> Any:
    """The concrete function of a `tf.function`, with its weights as constants. No public function makes it."""
    return convert_variables_to_constants_v2(function.get_concrete_function())


def check_workers_every(strategy: tf.distribute.MultiWorkerMirroredStrategy, seconds: float) -> None:
    """Set how often a worker asks whether the others are alive."""
    strategy.extended._check_health_interval = seconds


def use_next_collective_keys(count: int) -> None:
    """Give the next mirrored strategy other keys than the last: two of one process meet in their first reductions."""
    tf.distribute.MirroredStrategy._collective_key_base += count


def place_among_workers(strategy: tf.distribute.Strategy) -> tuple[int, int]:
    """(index, count) of this process among those that train together; (0, 1) if it trains alone."""
    count = getattr(strategy.extended, "_num_workers", 1)
    return (strategy.extended._id_in_cluster, count) if count > 1 else (0, 1)


def service_address(server: Any) -> str:
    """Where a worker of the tf.data service listens: host:port."""
    address: str = server._address
    return address


def stop_service(server: Any) -> None:
    """End a server of the tf.data service."""
    server._stop()


def graph_with_constants(function: Any) -> tf.Graph:
    """The graph of a `tf.function` or of one of its signatures, with its weights as constants. No public function makes
    it.
    """
    concrete = function.get_concrete_function() if hasattr(function, "get_concrete_function") else function
    return convert_variables_to_constants_v2(concrete).graph
