"""Every architecture is asked the same questions, in both layouts.

The published size is asked of all. What needs a built network is asked in every run of one small network of each
family, and of all others up to 60 M parameters when the slow tests run; larger ones are only built.
"""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.data_format import DATA_FORMATS
from imgcls.models import architecture, build_model, describe, find_architecture, list_models, load_model
from imgcls.models.architectures import (
    alexnet,
    convnext,
    densenet,
    efficientnet,
    efficientnet_v2,
    highway,
    inception,
    mobilenet_v4,
    nasnet,
    regnet,
    repvgg,
    resnet,
    shufflenet,
    vgg,
    vit,
    xception,
)
from imgcls.models.classifier import class_names, in_channels_last, logits_model, preprocessing
from imgcls.models.weights import convnext_names, vit_names

# of families whose published networks are large: the same code with fewer or narrower blocks
architecture("alexnet_small", 67, head=partial(alexnet.alexnet_head, units=32), wiring={"normalization": "none"})(
    partial(alexnet.alexnet, filters=(8, 12, 16, 16, 12), towers=2)
)
CHANNEL = {"activation": "gelu", "normalization": "channel", "norm_epsilon": 1e-6}
for _name, _v2 in (("small_convnext", False), ("small_convnextv2", True)):
    architecture(
        _name,
        32,
        head=convnext.convnext_head,
        head_in_backbone=True,
        state_dicts=convnext_names.dialects(_v2),
        wiring=CHANNEL,
    )(partial(convnext.convnext, blocks=(1, 1, 2, 1), filters=8, v2=_v2))
for _name, _sizes in (
    ("small_vit", vit.Transformer(8, 128, depth=2)),
    ("small_dinov2", vit.Transformer(8, 128, scale=1e-5, depth=2)),
    ("small_vit_reg4", vit.Transformer(8, 128, registers=4, scale=1e-5, depth=2)),
):
    architecture(
        _name,
        32,
        head=partial(vit.vit_head, registers=_sizes.registers),
        head_in_backbone=True,
        state_dicts=vit_names.dialects(dinov2=_sizes.scale > 0),
        wiring={**CHANNEL, "pooling": "token"},
    )(partial(vit.vit, sizes=_sizes))
architecture("densenet_small", 32)(partial(densenet.densenet, layers=(2, 3, 2), growth=12, stem=24))
architecture("efficientnet_small", 32, wiring={"activation": "swish"})(
    partial(efficientnet.efficientnet, width=0.25, repeats=(1, 2, 1, 1, 2, 1, 1), lite=False)
)
architecture("efficientnet_v2_small", 32, wiring={"activation": "swish"})(
    partial(efficientnet_v2.efficientnet_v2, stem=16, head=64,
            stages=((1, 1, 16, 2), (2, 4, 16, 2), (1, 4, 24, 1), (2, 4, 24, 2), (1, 6, 32, 1)))
)  # fmt: skip
architecture("highway_small", 32, wiring={"normalization": "none"})(
    partial(highway.highway, stages=((8, 3), (12, 3), (16, 3)))
)
architecture("regnet_small", 32, state_dicts=regnet.NAMES, wiring=regnet.WIRING)(
    partial(regnet.regnet, stages=regnet.Line(5, 8, 8.0, 1.6, 8).stages(), excite=True)
)
architecture("repvgg_small", 32, state_dicts=repvgg.NAMES, wiring=repvgg.WIRING)(
    partial(repvgg.repvgg, blocks=(2, 1), filters=[8, 16])
)
architecture("resnext_small", 32, wiring=resnet.WIRING)(
    partial(resnet.resnet, block=partial(resnet.bottleneck_v1_5, groups=4, width=2), blocks=(1, 2))
)
architecture("mobilenet_v4_small", 32, head=mobilenet_v4.mobilenet_v4_head, wiring={"padding": "symmetric"})(
    partial(mobilenet_v4.mobilenet_v4, stem=8,
            stages=(((mobilenet_v4.FUSED, 3, 2, 4, 16),), ((mobilenet_v4.PLAIN, 3, 2, 1, 24),),
                    ((3, 5, 2, 4, 24), (3, 3, 1, 2, 24), (0, 3, 1, 2, 24), (3, 0, 1, 2, 24), (0, 0, 1, 2, 24))))
)  # fmt: skip
architecture("shufflenet_small", 32, wiring={"padding": "symmetric"})(
    partial(shufflenet.shufflenet_v2, filters=(16, 32), last=64, units=(2, 3))
)
architecture("vgg_small", 32, head=partial(vgg.vgg_head, units=64), wiring={"normalization": "none"})(
    partial(vgg.vgg, convolutions=(1, 1, 2, 1, 1))
)
architecture("xception_small", 71)(partial(xception.xception, blocks=(*xception.BLOCKS[:2], ((256, 256, 256), False))))


@architecture("inception_small", 75, wiring={"norm_scale": False})
def inception_small(net, x):
    x = inception.steps(net, x, inception.STEM, "stem")
    for i, branches in enumerate(inception.v3_modules()):
        if i in (3, 9):
            x = inception.module(net, x, branches, f"mixed{i}")
    _, branches, scale, _ = inception.RESIDUAL_STAGES[2]
    return net.act(inception.scaled_residual(net, x, branches, scale, "block"), name="block")


@architecture("nasnet_small", 32)
def nasnet_small(net, x):
    x = net.norm(net.conv(x, 8, 3, 2, padding="valid", name="stem_conv"), name="stem_norm")
    y = nasnet.reduction_cell(net, x, x, nasnet.Cell("reduction", 8, 2, 0.5))
    return net.act(nasnet.normal_cell(net, y, x, nasnet.Cell("normal", 12, 1, 1.0)), name="last")


CLASSES = ["anchor", "boat", "crane", "dock"]
SMALLEST = {  # pixels, where 33 are too few
    "alexnet": 67,
    "alexnet_small": 67,
    "alexnet_2014": 67,
    "alexnet_one_column": 67,
    "googlenet": 81,
    "inception_resnet_v2": 75,
    "inception_small": 75,
    "inception_v3": 75,
    "inception_v4": 75,
    "small_convnext": 65,
    "small_convnextv2": 65,
    "xception": 71,
    "xception_small": 71,
}
EVERY_RUN = (  # a small one of each family and form
    "alexnet_small", "densenet_small", "efficientnet_small", "efficientnet_v2_small", "highway_small",
    "hog", "inception_small", "lenet5", "mlp", "mobilenet_v3_small_075", "mobilenet_v4_small", "nasnet_small", "nin",
    "regnet_small", "repvgg_small", "resnet18_v2", "resnet20", "resnext_small", "shufflenet_small",
    "small_convnext", "small_convnextv2", "small_vit", "small_vit_reg4", "squeezenet_1_1", "vgg_small",
    "xception_small",
)  # fmt: skip
LARGE = 60_000_000  # parameters; above, a network is built and not run


def size_of(name: str) -> int:
    return SMALLEST.get(name, 33)


def shape_of(name: str) -> tuple[int, int, int]:
    """Odd, and not square: what no padding divides evenly."""
    return size_of(name), size_of(name) + 2, find_architecture(name).channels


def marked(names):
    """The names as test parameters: those outside of EVERY_RUN are slow."""
    return [name if name in EVERY_RUN else pytest.param(name, marks=pytest.mark.slow) for name in names]


def runnable():
    return [name for name in list_models() if describe(name, shape_of(name), len(CLASSES)).parameters <= LARGE]


def build(name: str, data_format: str) -> keras.Model:
    return build_model(name, shape_of(name), CLASSES, data_format=data_format, dropout=0.0, drop_path=0.0)


def images(name: str, count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, (count, *shape_of(name))).astype("float32")


@pytest.fixture(scope="module", params=marked(runnable()))
def both(request, randomize):
    """(name, the network in channels_last, the same weights in channels_first)."""
    keras.utils.set_random_seed(0)
    last = build(request.param, "channels_last")
    randomize(last, images(request.param, 2))
    first = build(request.param, "channels_first")
    first.set_weights(last.get_weights())
    yield request.param, last, first
    keras.backend.clear_session()


@pytest.mark.parametrize("name", [n for n in list_models() if find_architecture(n).parameters])
def test_published_parameter_count(name):
    assert describe(name).parameters == find_architecture(name).parameters


@pytest.mark.thorough
def test_the_cost_is_that_of_the_built_network(both):
    name, *models = both
    for model in models:
        expected = {
            row.name: row for row in describe(name, shape_of(name), len(CLASSES), dropout=0.0, drop_path=0.0).layers
        }
        layers = [layer for layer in model.layers if layer.name not in ("pixels", "standardization", "probabilities")]
        assert {layer.name for layer in layers} == set(expected)
        for layer in layers:
            row = expected[layer.name]
            _, *shape = layer.output.shape
            if len(shape) == 3 and model is models[1]:
                shape = [*shape[1:], shape[0]]
            assert tuple(shape) == row.shape, layer.name
            assert sum(int(np.prod(w.shape)) for w in layer.trainable_weights) == row.parameters, layer.name


@pytest.mark.thorough
def test_probabilities_of_a_batch_and_of_one(both):
    name, *models = both
    for model in models:
        every = model(images(name, 3)).numpy()
        assert every.shape == (3, len(CLASSES))
        np.testing.assert_allclose(every.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(model(images(name, 3)[:1]).numpy(), every[:1], rtol=1e-3, atol=1e-5)


@pytest.mark.thorough
def test_both_layouts_agree_forward_and_backward_at_an_odd_image_size(both):
    """A sum that rounding brings to the other side of a ReLU's kink has another gradient, which is nobody's mistake.

    Among a million sums there may be one, and hardly with each of three draws of images.
    """
    name, *models = both
    backward = []
    for seed in range(3):
        pixels = tf.constant(images(name, 2, seed))
        (logits, gradients), (other_logits, other_gradients) = (logits_and_gradients(model, pixels) for model in models)
        assert relative(logits, other_logits) < 1e-4
        backward.append(relative(gradients, other_gradients))
        if backward[-1] < 1e-4:
            return
    pytest.fail(f"The gradients differ by {backward}.")


def logits_and_gradients(model: keras.Model, pixels: tf.Tensor) -> tuple[tf.Tensor, np.ndarray]:
    """Logits, and the gradients of a loss by the pixels and all weights in one row."""
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        logits = logits_model(model)(pixels)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits([0, 1], logits))
    values = [variable.value for variable in model.trainable_variables]
    gradients = tape.gradient(loss, [pixels, *values], unconnected_gradients="zero")
    return logits, np.concatenate([np.ravel(gradient) for gradient in gradients])


def relative(a, b) -> float:
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(a), 1e-30))


@pytest.mark.thorough
def test_saved_and_loaded_it_is_the_same(both, tmp_path):
    name, _, model = both
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert [layer.get_config() for layer in loaded.layers] == [layer.get_config() for layer in model.layers]
    np.testing.assert_array_equal(loaded(images(name, 2)), model(images(name, 2)))
    assert class_names(loaded) == CLASSES
    assert preprocessing(loaded)["height"] == size_of(name)


@pytest.mark.thorough
def test_channels_last_is_made_from_the_model_itself(both):
    name, last, first = both
    turned = in_channels_last(first)
    assert [layer.get_config() for layer in turned.layers] == [layer.get_config() for layer in last.layers]
    assert relative(last(images(name, 2)), turned(images(name, 2))) < 1e-6


@pytest.mark.usefixtures("bfloat16")
@pytest.mark.thorough
def test_mixed_precision(both):
    name, last, _ = both
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        for data_format in DATA_FORMATS:
            mixed = build(name, data_format)
            mixed.set_weights(last.get_weights())
            probabilities = mixed(images(name, 2))
            assert probabilities.dtype == tf.float32
            assert np.abs(probabilities - last(images(name, 2))).max() < 0.2
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.thorough
def test_the_loss_falls_on_eight_images(both):
    """Of one layout: the gradients of both are the same."""
    name, model, _ = both
    pixels, labels = images(name, 8), np.arange(8) % len(CLASSES)
    network = logits_model(model)

    def loss():
        logits = network(pixels, training=True)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    variables = [variable.value for variable in model.trainable_variables]
    with tf.GradientTape() as tape:
        before = loss()
    gradients = tape.gradient(before, variables)
    steepness = sum(float(tf.reduce_sum(gradient**2)) for gradient in gradients)
    for variable, gradient in zip(variables, gradients, strict=True):
        variable.assign_sub(0.01 * before / steepness * gradient)  # by a hundredth, were the loss a plane
    assert loss() < before


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in list_models() if describe(name).parameters > LARGE])
@pytest.mark.parametrize("data_format", DATA_FORMATS)
def test_the_large_ones_are_built(name, data_format):
    model = build_model(name, num_classes=1000, data_format=data_format)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == describe(name).parameters
    assert model.output_shape == (None, 1000)
    keras.backend.clear_session()
