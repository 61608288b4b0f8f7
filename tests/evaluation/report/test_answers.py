import numpy as np
import pytest

from imgcls.evaluation.report.answers import Answers, Share
from tests.evaluation.predicted import predicted, several


def test_the_answers_of_one_class_an_image(tmp_path):
    table = predicted(tmp_path, ["a", "a", "b", "a"], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.4, 0.6]], ["a", "b"])
    answers = Answers(table)
    assert answers.right.tolist() == [True, False, False, False]
    assert answers.confidence.tolist() == [0.9, 0.8, 0.6, 0.6]
    np.testing.assert_allclose(answers.losses, -np.log([0.9, 0.2, 0.4, 0.4]))
    assert (answers.recall(0), answers.precision(0)) == (Share(1, 3), Share(1, 2))
    assert answers.confusions() == [(0, 1, 2), (1, 0, 1)]


def test_the_answers_of_several_classes_an_image(tmp_path):
    answers = Answers(several(tmp_path))
    assert answers.given.tolist() == [[True, True], [True, True], [False, True], [False, False]]
    assert answers.right.tolist() == [True, False, True, True]
    np.testing.assert_allclose(answers.confidence, [0.8, 0.6, 0.8, 0.9])
    np.testing.assert_allclose(answers.losses[1], -np.log(0.7) - np.log(0.4))
    assert answers.recall(1) == Share(2, 2)
    assert answers.precision(1) == Share(2, 3)
    assert answers.confusions() == []


def test_a_share_of_nothing_has_the_widest_interval():
    assert np.isnan(Share(0, 0).value)
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(5, 10).interval == pytest.approx((0.2366, 0.7634), abs=1e-4)
