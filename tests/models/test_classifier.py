import pytest

from imgcls.models import build_model, load_model
from imgcls.models.classifier import freeze_body


@pytest.mark.parametrize("content", [b"<html>not found</html>", b"PK\x03\x04 cut off", b""])
def test_what_is_no_model_is_refused(content, tmp_path):
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(ValueError, match="no classifier that imgcls saved"):
        load_model(tmp_path / "model.keras")
    with pytest.raises(FileNotFoundError, match="No model file"):
        load_model(tmp_path / "none.keras")


def test_a_frozen_body_leaves_the_last_layer():
    model = build_model("lenet5", (32, 32, 1), ["a", "b"])
    freeze_body(model)
    assert [weight.path for weight in model.trainable_weights] == ["logits/kernel", "logits/bias"]
