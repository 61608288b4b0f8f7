import keras
import pytest

from imgcls.explain.large_photo.sliding_plan import as_windows, sliding_plan
from imgcls.explain.network import Network
from imgcls.models import build_model


def plan_of(name, size=None, **options):
    return sliding_plan(Network(build_model(name, size, num_classes=3, **options)))


@pytest.mark.parametrize(
    ("name", "size", "stride", "positions"),
    [
        ("lenet5", None, (4, 4), (1, 1)),
        ("resnet20", (32, 32, 3), (4, 4), (8, 8)),
        ("alexnet", (67, 67, 3), (32, 32), (1, 1)),
        ("vgg11", (64, 32, 3), (32, 32), (2, 1)),
        ("mobilenet_v2", (64, 64, 3), (32, 32), (2, 2)),
        ("highway19", (32, 32, 3), (4, 4), (8, 8)),
    ],
)
def test_networks_of_convolutions_go_over_a_photo_in_one_pass(name, size, stride, positions):
    plan = plan_of(name, size)
    assert (plan.way, plan.stride, plan.positions) == ("one pass", stride, positions)
    assert plan.why.startswith(f"{name} goes over the photo in one pass")


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("mlp", {}, "it has no layer whose output has height and width"),
        ("hog", {}, "it has no layer whose output has height and width"),
        ("efficientnet_b0", {"input_shape": (64, 64, 3)}, "stage1_block1_excite has gates of averages over the whole"),
        ("resnet20", {"normalization": "group"}, "stem_norm has statistics of the whole image"),
        ("resnet20", {"normalization": "layer"}, "stem_norm has statistics of the whole image"),
    ],
)
def test_networks_that_look_at_the_whole_image_are_given_windows_and_the_reason_is_said(name, options, why):
    plan = sliding_plan(Network(build_model(name, num_classes=3, **options)))
    assert plan.way == "windows"
    assert why in plan.why
    assert plan.stride == (plan.window[0] // 4, plan.window[1] // 4)


def test_a_layer_that_nothing_is_known_of_is_named():
    @keras.saving.register_keras_serializable("test")
    class Strange(keras.layers.Layer):
        def call(self, inputs):
            return inputs - keras.ops.mean(inputs, axis=(1, 2), keepdims=True)

    from imgcls.layers import ClassProbabilities, PixelStandardization

    pixels = keras.Input((16, 16, 3), name="pixels")
    x = PixelStandardization([127.5], [127.5], "channels_last", {}, name="standardization")(pixels)
    x = Strange(name="strange")(keras.layers.Conv2D(4, 3, name="first")(x))
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    outputs = ClassProbabilities(["a", "b"], name="probabilities")(keras.layers.Dense(2, name="logits")(x))
    plan = sliding_plan(Network(keras.Model(pixels, outputs, name="own")))
    assert plan.way == "windows"
    assert "strange (Strange) computes what is not known here" in plan.why


def test_any_network_can_be_given_windows():
    plan = as_windows(plan_of("resnet20"), 0.5)
    assert (plan.way, plan.stride) == ("windows", (16, 16))
    assert "as was asked for" in plan.why
