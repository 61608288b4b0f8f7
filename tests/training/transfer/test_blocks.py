import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.models import build_model
from imgcls.training.transfer.blocks import blocks, recomputed_in_blocks


@pytest.mark.parametrize(
    ("name", "size", "some", "count"),
    [
        ("resnet20", 32, ["stem", "stage1_block1", "stage3_block3", "logits"], 12),
        ("efficientnet_lite0", 32, ["stem", "stage2_block1", "stage7_block1", "head"], 20),
        ("googlenet", 64, ["stem", "3a", "5b", "logits"], 12),
    ],
)
def test_blocks_are_what_the_paper_calls_so_and_hold_every_layer_once(name, size, some, count):
    model = build_model(name, (size, size, 3), num_classes=3)
    found = blocks(model)
    assert set(some) <= {block.name for block in found}
    assert len(found) == pytest.approx(count, abs=1)
    layers = [layer for block in found for layer in block.layers]
    assert len(layers) == len(set(layers)) == len(model.layers) - 1


def test_parts_one_after_the_other_are_the_model():
    model = build_model("resnet20", (16, 16, 1), num_classes=3)
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 1)).astype("float32")
    x = pixels
    for block in blocks(model):
        x = block.part()(x)
    assert np.array_equal(x, model(pixels))


def small() -> keras.Model:
    keras.utils.set_random_seed(1)
    x = pixels = keras.Input((8, 8, 1))
    for number in (1, 2, 3):
        branch = keras.layers.Conv2D(4, 3, padding="same", name=f"block{number}_conv")(x)
        branch = keras.layers.BatchNormalization(name=f"block{number}_norm")(branch)
        branch = keras.layers.Dropout(0.4, name=f"block{number}_dropout")(branch)
        x = keras.layers.Add(name=f"block{number}")([branch, x])
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    return keras.Model(pixels, keras.layers.Dense(2, name="logits")(x))


def gradients_and_statistics(recompute: bool):
    model = small()
    forward = recomputed_in_blocks(model) if recompute else model
    pixels = tf.constant(np.random.default_rng(0).normal(size=(4, 8, 8, 1)), tf.float32)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(forward(pixels, training=True) ** 2)
        return tape.gradient(loss, [weight.value for weight in model.trainable_weights])

    return [g.numpy() for g in step()], [weight.numpy() for weight in model.non_trainable_weights]


def test_computing_twice_changes_neither_gradients_nor_dropout_nor_statistics():
    plain, recomputed = gradients_and_statistics(False), gradients_and_statistics(True)
    for ours, theirs in zip(plain, recomputed, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert np.array_equal(a, b)
