import pytest

from imgcls.models import load_model


@pytest.mark.parametrize("content", [b"<html>not found</html>", b"PK\x03\x04 cut off", b""])
def test_what_is_no_model_is_refused(content, tmp_path):
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(ValueError, match="no classifier that imgcls saved"):
        load_model(tmp_path / "model.keras")
    with pytest.raises(FileNotFoundError, match="No model file"):
        load_model(tmp_path / "none.keras")
