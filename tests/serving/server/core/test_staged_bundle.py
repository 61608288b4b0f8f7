"""What is computed in steps is what the signatures of the SavedModel give."""

import time

import numpy as np
import pytest
import tensorflow as tf

from imgcls.serving.server.core.load_version import Execution
from imgcls.serving.server.core.models import Models, ModelSettings
from imgcls.serving.server.request_error import RequestError
from imgcls.serving.signatures import CLASSES, EMBEDDING, OUTPUTS, PIXELS


@pytest.fixture(scope="module", params=["tensorflow", "openvino"])
def version(request, judged_path, served_judged):
    if request.param == "tensorflow":
        return served_judged.find("clothing")
    models = Models([ModelSettings("clothing", judged_path)], execution=Execution(request.param))
    return models.find("clothing")


@pytest.fixture(scope="module")
def sent(images):
    data = [path.read_bytes() for path in images] + [b"no image", b""]
    data[3] = data[3][:100]
    return np.array(data, object)


def assert_same(found, expected) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].dtype == values.dtype, name
        assert found[name].shape == values.shape, name
        if values.dtype == object:
            assert found[name].tolist() == values.tolist(), name
        else:
            np.testing.assert_allclose(found[name], values, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("signature", [CLASSES, EMBEDDING])
@pytest.mark.parametrize("places", [slice(None), slice(0, 1), slice(-2, None)], ids=["mixed", "one", "unreadable"])
@pytest.mark.thorough
def test_images(version, sent, signature, places):
    inputs = {"image_bytes": sent[places]}
    assert_same(version.run(signature, inputs), version.model.run(signature, inputs))


@pytest.mark.parametrize("place", [0, 3, -2], ids=["readable", "cut off", "no image"])
def test_an_image_alone_gets_the_answer_that_it_gets_beside_others(version, sent, place):
    running, inputs = version.running, {"image_bytes": sent[[place]]}
    alone = running.run(CLASSES, inputs)
    with running._counted():
        assert_same(running.run(CLASSES, inputs), alone)


def test_one_image_alone_takes_one_step_in_tensorflow_only(version, sent):
    staged = version.running.staged
    is_tensorflow = staged.engine.name == "TensorFlow"
    assert staged.is_one_step(CLASSES, {"image_bytes": sent[:1]}) == is_tensorflow
    assert not staged.is_one_step(CLASSES, {"image_bytes": sent[:2]})
    assert not staged.is_one_step(EMBEDDING, {"image_bytes": sent[:1]})
    assert not staged.is_one_step(CLASSES, {"image_bytes": sent[:1, None]})


def test_an_image_alone_whose_time_is_over_is_not_computed(version, sent):
    with pytest.raises(RequestError, match="The time of the request is over"):
        version.running.run(CLASSES, {"image_bytes": sent[:1]}, time.monotonic() - 1)


@pytest.mark.parametrize("signature", [PIXELS, OUTPUTS])
def test_pixels(version, signature):
    inputs = {"pixels": np.random.default_rng(0).uniform(0, 255, (5, 28, 28, 1)).astype(np.float32)}
    assert_same(version.run(signature, inputs), version.model.run(signature, inputs))


@pytest.mark.thorough
def test_a_few_classes_alone(version, sent):
    inputs = {"image_bytes": sent, "k": np.resize([3, 1, 0, 20, -1], len(sent)).astype(np.int32)}
    assert_same(version.run("top_k", inputs), version.model.run("top_k", inputs))


@pytest.mark.parametrize(
    ("signature", "inputs"),
    [
        (CLASSES, {"image_bytes": np.array([[b""]], object)}),
        (PIXELS, {"pixels": np.zeros((1, 14, 14, 1), np.float32)}),
        (PIXELS, {"pixels": np.array(["text"])}),
    ],
)
def test_what_does_not_fit_gets_the_words_of_the_graph(version, signature, inputs):
    with pytest.raises((tf.errors.OpError, TypeError, ValueError)):
        version.run(signature, inputs)


def test_nothing_gives_nothing(version):
    found = version.run(CLASSES, {"image_bytes": np.array([], object)})
    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(found, 0)
