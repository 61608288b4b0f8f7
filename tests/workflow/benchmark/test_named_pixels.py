import keras
import pytest

from imgcls.workflow.benchmark.network import network_config
from imgcls.workflow.benchmark.request import BenchmarkRequest


@pytest.fixture(scope="module")
def silent(tmp_path_factory):
    """A model that says nothing of its pixels."""
    path = tmp_path_factory.mktemp("models") / "silent.keras"
    keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3)]).save(path)
    return str(path)


def pixels(request: BenchmarkRequest) -> list[str | None]:
    return [network_config(request, name, "none").network.preprocessing for name in request.models]


def test_one_name_is_for_the_models_that_say_nothing(silent):
    models = ("lenet5", "keras_applications:MobileNetV2", silent)
    assert pixels(BenchmarkRequest("photos", models, ("0-1",))) == [None, None, "0-1"]


def test_a_model_may_have_a_name_of_its_own(silent):
    request = BenchmarkRequest("photos", (silent, "lenet5"), ("0-1", f"{silent}=caffe"))
    assert pixels(request) == ["caffe", None]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("0_1",), "Did you mean '0-1'?"),
        (("lenet=0-1",), "Did you mean 'lenet5'?"),
        (("0-1", "caffe"), "two names, 0-1 and caffe, for all models; write MODEL=PIXELS"),
        (("lenet5=0-1", "lenet5=caffe"), "two names, 0-1 and caffe, for lenet5"),
    ],
)
def test_what_cannot_be_is_refused(texts, said):
    with pytest.raises(ValueError, match="--preprocessing") as error:
        BenchmarkRequest("photos", ("lenet5",), texts)
    assert said in str(error.value)
