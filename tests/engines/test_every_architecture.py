"""Networks of every family as ONNX and LiteRT: the same answers as from Keras."""

import keras
import numpy as np
import pytest

from imgcls.engines import litert_conversion, onnx_conversion, openvino_conversion
from imgcls.engines.litert import LiteRTEngine
from imgcls.engines.onnx import ONNXEngine
from imgcls.engines.openvino import OpenVINOEngine
from imgcls.models.classifier import embedding_model, logits_model
from tests.models.architectures.test_architectures import EVERY_RUN, build, images
from tests.models.conftest import give_random_weights

QUICK = ("alexnet_small", "small_convnextv2", "small_vit_reg4")  # groups; normalization of channels; attention
NAMES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in EVERY_RUN if name != "hog"]


@pytest.fixture(scope="module", params=NAMES)
def network(request):
    """(name, its outputs as models)."""
    keras.utils.set_random_seed(0)
    model = build(request.param, "channels_last")
    give_random_weights(model, images(request.param, 2))
    yield request.param, {"probabilities": model, "embedding": embedding_model(model), "logits": logits_model(model)}
    keras.backend.clear_session()


@pytest.mark.parametrize("kind", ["onnx", "litert"])
@pytest.mark.thorough
def test_a_converted_network_gives_the_same_answers(network, kind, tmp_path):
    name, models = network
    if kind == "onnx":
        converted = onnx_conversion.convert(models)
        assert sum(node.op_type == "Transpose" for node in converted.graph.node) <= 2 + turns(models)
        onnx_conversion.write_network(converted, tmp_path / "network")
        engine = ONNXEngine(tmp_path / "network")
    else:
        litert_conversion.write_network(litert_conversion.convert(models), tmp_path / "network")
        engine = LiteRTEngine(tmp_path / "network")
    assert_same_answers(engine, name, models)


@pytest.mark.thorough
def test_openvino_gives_the_same_answers_of_normalized_channels_and_attention(network):
    name, models = network
    if name not in ("small_convnextv2", "small_vit_reg4"):
        pytest.skip("test_engine.py asks OpenVINO of what all networks have")
    assert_same_answers(OpenVINOEngine(openvino_conversion.convert(models)), name, models)


def assert_same_answers(engine, name, models):
    for count in (3, 1):
        found = engine.predict(images(name, 3)[:count])
        for output, model in models.items():
            expected = np.asarray(model(images(name, 3), training=False))[:count]
            np.testing.assert_allclose(found[output], expected, atol=1e-4 * max(1.0, float(np.abs(expected).max())))


def turns(models) -> int:
    """Transpositions that belong to the network: of heads in attention, and of maps to what wants the channels last.

    A squeeze-and-excitation turns maps of one pixel, which costs nothing; a shuffle of channels is a turn itself.
    """
    kinds = {"SqueezeExcitation": 2, "ChannelShuffle": 4, "LayerNormalization": 2, "SelfAttention": 4}
    return sum(kinds.get(type(layer).__name__, 0) for layer in models["probabilities"].layers)


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (onnx_conversion.convert, "ONNX has nothing for the operation Bitcast of .*Export it without --format onnx"),
        (litert_conversion.convert, "LiteRT has nothing for the operations AddV2, .*Export it without --format litert"),
    ],
)
def test_an_operation_that_a_format_lacks_is_named(convert, message):
    with pytest.raises(ValueError, match=message):
        convert({"probabilities": build("hog", "channels_last")})
