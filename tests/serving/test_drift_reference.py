import pytest

from imgcls.serving.drift_reference import DRIFT, read_drift_reference, write_drift_reference


def test_what_was_written_is_read(tmp_path):
    (tmp_path / "assets").mkdir()
    write_drift_reference(tmp_path, {"version": 1})
    assert read_drift_reference(tmp_path) == {"version": 1}


@pytest.mark.parametrize(("content", "said"), [(None, "holds no reference"), ("{", "cannot be read"), ("[]", "no ref")])
def test_without_a_whole_one_the_sentence_says_what_to_do(tmp_path, content, said):
    (tmp_path / "assets").mkdir()
    if content is not None:
        (tmp_path / DRIFT).write_text(content)
    with pytest.raises(ValueError, match=rf"{said}.*[Ee]xport the run again"):
        read_drift_reference(tmp_path)
