import subprocess
import sys

import pytest

from imgcls.data.augmentation.layer_classes import layer_names, make_layer
from imgcls.named_layer import parse_layer


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("keras_cv.MixUp", "mixes images with their labels, which a step does here: write --mixup 0.2 instead"),
        ("keras.CutMix(factor=1.0)", "write --cutmix 1.0 instead"),
        ("keras_cv.Mosaic", "--cutmix 1.0, which is the nearest"),
        ("keras.MaxNumBoundingBoxes(3)", "changes boxes and no pixel"),
        ("keras_cv.RepeatedAugmentation(augmenters=[])", "makes several images of one"),
        ("keras.Dense(3)", "is a layer of networks and no augmentation of images"),
        ("keras_cv.DropPath", "is a layer of networks"),
        ("keras_cv.GlobalRandomFlip", "changes points in space"),
        ("keras_cv.RandAugmnt", "Did you mean 'keras_cv.RandAugment'?"),
        ("keras.ChannelShuffle", "Did you mean 'keras_cv.ChannelShuffle'?"),
        ("keras_cv.Nothing", "There are: AugMix, "),
        ("keras_cv.BaseImageAugmentationLayer", "no augmentation of images"),
        ("keras_cv.RandAugment(magnitud=0.3)", "no argument 'magnitud'. Did you mean 'magnitude'? It takes augment"),
        ("keras.RandomHue", 'needs factor: write "keras.RandomHue(factor=...)"'),
        ("keras.RandomFlip(1, 2, 3, 4)", "takes 1 argument (mode), and here are 4"),
        ("keras.RandomHue(0.2, factor=0.3)", "has factor twice"),
        ("keras_cv.RandomFlip(bounding_box_format='xywh')", "there are no boxes here"),
        ("keras.RandomHue(factor=0.2, seed=3)", "what is drawn follows from --seed"),
        ("keras.RandomHue(factor=0.2, value_range=(0, 1))", "images have 0 to 255"),
        ("keras.RandomFlip(data_format='channels_first')", "images are channels_last"),
        ("keras.RandomHue(factor=7)", "cannot be made with these arguments: The `factor` argument should be"),
        ("keras_cv.RandomApply(keras.RandomHu(0.1))", "There is no layer keras.RandomHu. Did you mean"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(text, says):
    with pytest.raises(ValueError, match="keras") as caught:
        make_layer(parse_layer(text))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_value_range_is_that_of_our_images():
    assert tuple(make_layer(parse_layer("keras_cv.RandAugment")).value_range) == (0, 255)
    assert make_layer(parse_layer("keras.RandomHue(0.2, value_range=[0, 255])")).value_range == (0, 255)
    by_place = make_layer(parse_layer("keras_cv.RandAugment(2, 0.25)"))  # behind the value range, in its own order
    assert (by_place.augmentations_per_image, by_place.magnitude) == (2, 0.25)


def test_names_are_those_of_layers_of_images():
    assert {"RandAugment", "RandomHue", "GridMask", "Augmenter"} <= set(layer_names("keras_cv"))
    assert {"RandAugment", "RandomErasing", "Pipeline"} <= set(layer_names("keras"))
    assert not {"MixUp", "Dense", "GlobalRandomFlip"} & {*layer_names("keras_cv"), *layer_names("keras")}


@pytest.mark.thorough
def test_a_layer_can_be_made_after_a_deterministic_run():
    """TensorFlow then makes no global generator by itself, and keras-cv asks for one."""
    code = (
        "import tensorflow as tf; tf.config.experimental.enable_op_determinism()\n"
        "from imgcls.data.augmentation.layer_function import layer_function\n"
        "layer_function('keras_cv.RandomHue(factor=0.2)')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
