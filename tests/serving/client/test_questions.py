import pytest

from imgcls.serving.client import questions


def test_no_class_is_asked_for_as_an_empty_name():
    """None is no text for REST, nor for gRPC."""
    asked = next(questions.explain([b"one", b"two", b"three"], [None, "shirt", ""]))
    assert asked.inputs["class_name"] == ["", "shirt", ""]


@pytest.mark.parametrize(("top_k", "said"), [(0, "at least 1"), (2**31, "at most 2,147,483,647"), (2**40, "at most")])
def test_a_count_that_no_signature_takes_is_refused(top_k, said):
    with pytest.raises(ValueError, match=f"top_k is {top_k}; expected {said}"):
        next(questions.predict([b"one"], top_k))
