import keras
import pytest

from imgcls.workflow.model_file import as_named


def small() -> keras.Model:
    return keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(4, 3, name="only_conv")])


def for_a_shape(shape):
    return keras.Sequential([keras.Input(shape)])


def test_a_model_and_a_function_that_makes_one_become_a_file_and_a_name_stays():
    for model in (small(), small):
        with as_named(model) as name:
            assert name.endswith(".keras")
            assert keras.saving.load_model(name).get_layer("only_conv").filters == 4
    with as_named("resnet20") as name:
        assert name == "resnet20"


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (for_a_shape, r"function for_a_shape needs arguments \(missing a required argument: 'shape'\)\. Call it"),
        (lambda: None, "function <lambda> returned a NoneType; expected a Keras model"),
    ],
)
def test_a_function_that_makes_no_model_is_refused(model, said):
    with pytest.raises(ValueError, match=said), as_named(model):
        pass
