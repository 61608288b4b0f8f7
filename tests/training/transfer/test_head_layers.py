import numpy as np
import pytest

from imgcls.models import build_model, load_model
from imgcls.training.transfer.head_layers import head_part, with_adaptation
from imgcls.training.transfer.stages import Stage, backbone_blocks, unfreeze


@pytest.fixture
def adapted():
    model = build_model("lenet5", (32, 32, 1), class_names=["background", "bag"])
    return with_adaptation(model, units=12, dropout=0.5)


def test_a_hidden_layer_is_all_that_is_trained_besides_the_head(adapted):
    unfreeze(adapted, backbone_blocks(adapted), Stage("head", 0, 1, 0), keep_statistics=True)
    names = {weight.path.split("/")[0] for weight in adapted.trainable_variables}
    assert names == {"adaptation", "logits"}
    features = np.random.default_rng(0).normal(size=(5, adapted.get_layer("embedding").output.shape[-1]))
    kernel, bias = adapted.get_layer("adaptation").get_weights()
    hidden = np.maximum(features @ kernel + bias, 0)
    kernel, bias = adapted.get_layer("logits").get_weights()
    logits = head_part(adapted).predict_on_batch(features.astype(np.float32))
    assert logits == pytest.approx(hidden @ kernel + bias, rel=1e-4, abs=1e-5)


def test_a_classifier_with_a_hidden_layer_is_saved_and_loaded(adapted, tmp_path):
    adapted.save(tmp_path / "model.keras")
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1)).astype(np.float32)
    loaded = load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded.predict_on_batch(pixels), adapted.predict_on_batch(pixels))
    assert loaded.get_layer("probabilities").class_names == ["background", "bag"]
