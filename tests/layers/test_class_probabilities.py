import numpy as np
import pytest

from imgcls.layers import ClassProbabilities


def test_probabilities_sum_to_one_and_follow_the_temperature():
    logits = np.array([[2.0, 0.0, -4.0]], "float32")
    for temperature in (0.5, 1.0, 4.0):
        expected = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
        outputs = ClassProbabilities(["a", "b", "c"], temperature)(logits)
        np.testing.assert_allclose(outputs, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ClassProbabilities(["a", "b", "a"]), r"class_names repeats \['a'\]"),
        (lambda: ClassProbabilities(["a"], temperature=0.0), "temperature is 0.0; expected a number above 0"),
        (lambda: ClassProbabilities(["a", "b"])(np.ones((1, 3))), "2 class names for 3 outputs"),
    ],
)
def test_probabilities_need_a_name_for_each_output(make, message):
    with pytest.raises(ValueError, match=message):
        make()
