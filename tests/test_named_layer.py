import pytest

from imgcls.config import InputConfig
from imgcls.named_layer import NamedLayer, parse_layer


def test_a_name_alone_and_one_with_arguments():
    assert parse_layer("keras_cv.RandAugment") == NamedLayer("keras_cv", "RandAugment")
    assert parse_layer("keras.layers.RandomFlip('vertical')") == NamedLayer("keras", "RandomFlip", ("vertical",))
    assert parse_layer("'keras.RandomFlip(\"vertical\")'") == NamedLayer("keras", "RandomFlip", ("vertical",))
    found = parse_layer("keras.RandomRotation(factor=(-0.1, 0.2), fill_mode='nearest', interpolation=None)")
    assert found.named == {"factor": (-0.1, 0.2), "fill_mode": "nearest", "interpolation": None}


def test_layers_may_hold_layers():
    found = parse_layer("keras_cv.RandomChoice(layers=[keras_cv.RandomHue(0.2), keras_cv.RandomFlip])")
    assert [str(layer) for layer in found.named["layers"]] == ["keras_cv.RandomHue", "keras_cv.RandomFlip"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no augmentation layer"),
        ("RandAugment", "RandAugment is not of keras_cv or keras"),
        ("kears.RandomHue", "Did you mean 'keras'?"),
        ("torchvision.transforms.RandAugment", "is not of keras_cv or keras"),
        ("keras_cv.RandAugment(", "was never closed"),
        ("keras_cv.RandAugment(magnitude=1/3)", "1 / 3 is no literal"),
        ("keras_cv.RandAugment(magnitude=open('x'))", "open is not of keras_cv or keras"),
        ("__import__('os').system('true')", "is not of keras_cv or keras"),
        ("keras_cv.RandAugment(**{'magnitude': 1})", "** stands for no argument"),
        ("keras_cv.RandAugment(magnitude={1: 2})", "is no number, text, list"),
        ("keras.RandomHue(" + "(" * 900 + ")" * 900 + ")", "names no augmentation layer"),
        ("keras.RandomHue(" + "0," * 2000 + ")", "2000 are allowed"),
        ("keras.RandomHue\0", "names no augmentation layer"),
    ],
)
def test_what_names_no_layer_is_said_in_a_sentence(text, says):
    with pytest.raises(ValueError, match="no augmentation layer") as caught:
        parse_layer(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_config_takes_a_list_or_one_text():
    assert InputConfig(augmentation_layers=["keras.RandomFlip"]).augmentation_layers == ("keras.RandomFlip",)
    assert InputConfig(augmentation_layers="keras.RandomFlip").augmentation_layers == ("keras.RandomFlip",)
    with pytest.raises(ValueError, match=r"augmentation_layers has 3; expected texts"):
        InputConfig(augmentation_layers=[3])
    with pytest.raises(ValueError, match="is not of keras_cv or keras"):
        InputConfig(augmentation_layers=("RandomFlip",))
