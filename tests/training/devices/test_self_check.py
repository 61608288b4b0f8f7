import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

TWO_DEVICES = """
import json, sys
import keras, numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], 2 * [tf.config.LogicalDeviceConfiguration()]
)
from imgcls.training.devices.self_check import check_against_one_device
from imgcls.training.devices.strategy import make_strategy, sync_batch_normalization
from imgcls.training.optimizers import scaled
from imgcls.training.step import StepOptions
from imgcls.training.trainer import Trainer
from imgcls.layers import ClassProbabilities

keras.utils.set_random_seed(0)
keras.config.set_dtype_policy("mixed_" + sys.argv[1])
strategy = make_strategy("mirrored")
with strategy.scope():
    x = pixels = keras.Input((8, 8, 3))
    for number in range(8):
        x = keras.layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    x = keras.layers.Dense(3, name="logits", dtype="float32")(x)
    model = keras.Model(pixels, ClassProbabilities(["ant", "bee", "cow"], name="probabilities", dtype="float32")(x))
    sync_batch_normalization(model)
    options = StepOptions(loss_scaling=sys.argv[1] == "float16")
    trainer = Trainer(model, scaled(keras.optimizers.SGD)(0.05), strategy, batch_size=16, options=options)
generator = np.random.default_rng(0)
arrays = (
    np.arange(16),
    generator.uniform(-1, 1, (16, 8, 8, 3)).astype("float32"),
    np.eye(3, dtype="float32")[generator.integers(0, 3, 16)],
    np.ones(16, "float32"),
)
_, *batch = next(iter(trainer.distributed(tf.data.Dataset.from_tensor_slices(arrays).batch(16, drop_remainder=True))))


def said():
    step = trainer.step
    step.reduced_gradients = tf.function(step._reduced_gradients, autograph=False)
    try:
        check_against_one_device(trainer, batch)
    except RuntimeError as error:
        return str(error)
    return ""


def with_gradients(change):
    def share(*parts):
        loss, correct, gradients = trainer.step.share(*parts)
        return loss, correct, change(gradients)

    trainer.step._share = share
    return said()


found = {"right": said()}
found["doubled"] = with_gradients(lambda gradients: [2.0 * gradient for gradient in gradients])
found["one"] = with_gradients(lambda gradients: [*gradients[:-2], 2.0 * gradients[-2], gradients[-1]])
trainer.step._share = trainer.step.share
sync_batch_normalization(model, together=False)
theirs = tf.function(trainer.step._reduced_gradients, autograph=False)
theirs(*batch)
sync_batch_normalization(model)
trainer.step._reduced_gradients = theirs
found["statistics"] = said()
print(json.dumps(found))
"""


@pytest.fixture(scope="module", params=("float16", "bfloat16"))
def said(request, bfloat16) -> dict[str, str]:
    """What the check says of two devices, of which one computes something wrong."""
    line = [sys.executable, "-c", TWO_DEVICES, request.param]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.thorough
def test_sixteen_bits_on_several_devices_differ_by_no_more_than_rounding(said):
    assert said["right"] == ""


@pytest.mark.parametrize("fault", ["doubled", "one", "statistics"])
@pytest.mark.thorough
def test_a_wrong_step_is_seen_in_sixteen_bits(said, fault):
    assert "Train with --strategy one_device" in said[fault]
