"""Every private member of Keras and TensorFlow that the package reads is where it was; this fails on an upgrade."""

import ast
import inspect
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls import framework_internals as internals
from imgcls.training.optimizers import OPTIMIZERS

ROOT = Path(__file__).parents[1]
PUBLIC = {
    "_replace",
    "_asdict",
    "_fields",
    "_make",
    "_exit",
    "_trial_id",
    "_repr_html_",
}  # named tuples, os, Optuna, notebooks


@pytest.fixture
def model() -> keras.Model:
    pixels = keras.Input((4, 4, 1))
    inner = keras.Sequential([keras.layers.Conv2D(2, 3, name="inside"), keras.layers.Dropout(0.5)])
    return keras.Model(pixels, keras.layers.Dense(3, name="last")(keras.layers.Flatten()(inner(pixels))))


def test_layers_inside_of_layers_and_their_seed_generators(model):
    assert {"inside", "last"} <= {layer.name for layer in internals.all_layers(model)}
    (generator,) = internals.seed_generators(model)
    assert isinstance(generator, keras.random.SeedGenerator)


def test_networks_of_keras_take_a_file_in_place_of_a_download(tmp_path):
    from keras.src.utils import file_utils

    before = file_utils.get_file
    with internals.downloaded_file(tmp_path / "no.h5"), pytest.raises(FileNotFoundError, match=r"no\.h5"):
        keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, include_top=False)
    assert file_utils.get_file is before


def test_the_graph_can_be_walked(model):
    operation, index = internals.producer(model.output)
    assert operation.name == "last"
    (before,) = internals.inputs_of_call(operation, index)
    assert internals.producer(before)[0].__class__ is keras.layers.Flatten
    assert internals.graph_nodes(model)[-1].operation.name == "last"


def test_what_an_optimizer_keeps(model):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    optimizer = keras.optimizers.AdamW(schedule, use_ema=True)
    optimizer.build(model.trainable_variables)
    optimizer.apply_gradients([(tf.ones_like(v), v) for v in model.trainable_variables])
    assert internals.learning_rate_schedule(optimizer) is schedule
    assert [internals.variable_index(optimizer, variable) for variable in model.trainable_variables] == [0, 1, 2, 3]
    for variable, average in internals.averaged_variables(optimizer):
        assert variable.shape == average.shape
        np.testing.assert_array_equal(variable.numpy(), average.numpy())  # the average starts at the first step


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_the_hooks_of_the_optimizers_are_called(name):
    kind, _ = OPTIMIZERS[name]
    for hook in ("update_step", "_backend_update_step", "_apply_weight_decay", "_use_weight_decay"):
        assert callable(inspect.getattr_static(kind.__mro__[2], hook, None) or getattr(kind, hook, None)), hook


def test_a_strategy_of_one_process_trains_alone_and_the_next_has_other_keys():
    assert internals.place_among_workers(tf.distribute.get_strategy()) == (0, 1)
    before = tf.distribute.MirroredStrategy._collective_key_base
    internals.use_next_collective_keys(7)
    assert tf.distribute.MirroredStrategy._collective_key_base == before + 7


def test_a_worker_of_the_data_service_has_an_address_and_can_be_stopped():
    service = tf.data.experimental.service
    dispatcher = service.DispatchServer(service.DispatcherConfig(port=0))
    address = dispatcher.target.removeprefix("grpc://")
    worker = service.WorkerServer(service.WorkerConfig(dispatcher_address=address))
    assert internals.service_address(worker).rpartition(":")[2].isdigit()
    internals.stop_service(worker)
    internals.stop_service(dispatcher)


def test_a_graph_keeps_its_weights_as_constants(model):
    function = tf.function(model, input_signature=[tf.TensorSpec((None, 4, 4, 1), tf.float32)])
    kinds = {
        operation.type
        for operation in internals.graph_with_constants(function.get_concrete_function()).get_operations()
    }
    assert "Const" in kinds
    assert "ReadVariableOp" not in kinds


def test_no_other_file_reads_a_private_member():
    readers = {
        f"{path.relative_to(ROOT)}:{node.lineno} .{node.attr}"
        for path in (ROOT / "imgcls").rglob("*.py")
        if path.name != "framework_internals.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
        if node.attr not in PUBLIC and ast.unparse(node.value) not in ("self", "cls", "super()")
    }
    assert readers == set()
