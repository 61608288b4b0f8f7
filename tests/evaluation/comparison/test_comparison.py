import json

import numpy as np
import pytest

from imgcls.evaluation.comparison import comparison, resampling
from imgcls.evaluation.comparison.comparison import compare, points, rank
from imgcls.evaluation.comparison.resampling import resample
from imgcls.metrics import METRICS
from tests.evaluation.pairs import pair_of, table_of


@pytest.fixture
def accuracy_alone(monkeypatch):
    """Measure nothing else, in fewer draws, for tests that compare many pairs."""
    monkeypatch.setattr(resampling, "metrics_of", lambda task: [METRICS["accuracy"]])
    monkeypatch.setattr(comparison, "resample", lambda tables: resample(tables, draws=100))


def test_the_better_one_is_named_with_interval_images_and_test():
    found = compare(["old", "new"], pair_of(400, 10, 30, 60))
    assert found.better == "new"
    assert (len(found.gained), len(found.lost)) == (30, 10)
    assert found.verdict().startswith("new is better than old by 4.0 points of accuracy (")
    assert "of 500 images it alone gets 30 right, and the other alone 10 (McNemar's exact test" in found.verdict()


def test_the_order_of_the_two_does_not_matter():
    found = compare(["new", "old"], pair_of(400, 30, 10, 60))
    assert found.better == "new"
    assert found.verdict().startswith("new is better than old by 4.0 points of accuracy (1.")
    assert "it alone gets 30 right, and the other alone 10" in found.verdict()


def test_no_difference_is_said_with_what_would_not_show():
    found = compare(["old", "new"], pair_of(400, 20, 22, 58))
    assert not found.differs
    assert found.verdict().startswith("No difference can be seen with 500 images: new has +0.4 points")
    assert found.smallest_seen == pytest.approx(2.8 * np.sqrt(43 / 500 / 500), rel=0.1)


def test_the_same_answers_are_said_to_be_so():
    found = compare(["old", "new"], pair_of(80, 0, 0, 20))
    assert "right and wrong on the same images, all 100 of them" in found.verdict()


def test_five_images_are_too_few_to_say():
    found = compare(["old", "new"], pair_of(0, 0, 5, 0))
    assert found.verdict() == "There are only 5 images: too few images to say which one is better."
    assert not found.better
    assert all(each.p_value is None for each in found.classes)


def test_many_images_of_three_patients_are_too_few_to_say():
    groups = [f"{place % 3}" for place in range(300)]
    found = compare(["old", "new"], pair_of(200, 10, 60, 30, groups=groups))
    assert found.verdict() == "The 300 images are of only 3 groups: too few to say which one is better."


def test_no_image_in_common_is_refused():
    table = table_of(np.ones(4, bool))
    with pytest.raises(ValueError, match="have no image in common"):
        compare(["old", "new"], [table.take(np.arange(2)), table.take(np.arange(2, 4))])


@pytest.mark.thorough
def test_of_equally_good_classifiers_a_difference_is_said_in_at_most_5_percent(accuracy_alone):
    said = sum(compare(["a", "b"], drawn(seed, 0.07, 0.07)).differs for seed in range(150))
    assert said <= 14  # 0.05 of 150, and 2.4 standard deviations


def test_a_true_difference_is_found(accuracy_alone):
    said = [compare(["a", "b"], drawn(seed, 0.03, 0.12)).better for seed in range(40)]
    assert said.count("b") >= 38
    assert "a" not in said


def drawn(seed: int, first: float, second: float, count: int = 300):
    """Two tables on images of which each alone answers so large a share right, on average."""
    both = 0.9 - first - second
    return pair_of(*np.random.default_rng(seed).multinomial(count, [both, first, second, 0.1]))


def test_a_class_that_differs_is_found_among_those_that_do_not():
    right = np.ones(300, bool)
    worse = right.copy()
    worse[np.arange(0, 90, 3)] = False  # ants
    found = compare(["old", "new"], [table_of(right), table_of(worse)])
    assert [each.name for each in found.classes if each.differs] == ["ant"]
    assert (found.classes[0].first, found.classes[0].second, found.classes[0].lost) == (100, 70, 30)


def test_with_several_labels_an_image_is_right_if_all_of_its_classes_are():
    first, second = (table_of(np.ones(60, bool), multi_label=True) for _ in range(2))
    first.rows.at[0, "labels"] = second.rows.at[0, "labels"] = ["ant", "bee"]
    second.probabilities[0] = [0.9, 0.9, 0.1]
    found = compare(["old", "new"], [first, second])
    assert found.gained == (0,)
    assert [(each.name, each.images, each.gained) for each in found.classes if each.gained] == [("bee", 21, 1)]


def test_the_figures_can_be_written_as_json():
    found = json.loads(json.dumps(compare(["old", "new"], pair_of(40, 1, 3, 6)).to_dict()))
    assert found["metrics"]["accuracy"]["difference"]["value"] == pytest.approx(0.04)
    assert json.loads(json.dumps(rank("ab", pair_of(40, 1, 3, 6)).to_dict()))["runs"][0]["run"] == "b"


def test_of_several_each_is_compared_with_the_best(accuracy_alone):
    good, other = pair_of(400, 20, 22, 58)
    bad = table_of(np.arange(500) % 2 > 0)
    found = rank(["good", "bad", "other"], [good, bad, other])
    assert [run.name for run in found.runs] == ["other", "good", "bad"]
    assert [found.is_worse(run) for run in found.runs] == [False, False, True]
    assert found.verdict().startswith("other has the highest accuracy, 84.4 % of 500 images. It is better than bad; no")


def test_the_best_of_five_equal_ones_is_rarely_said_to_be_better(accuracy_alone):
    """The best one is the best by chance, which the correction has to allow for."""
    said = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        tables = [table_of(random.random(200) < 0.8) for _ in range(5)]
        found = rank("abcde", tables)
        said += any(found.is_worse(run) for run in found.runs)
    assert said <= 7


def test_several_on_five_images_are_too_few_to_say():
    assert "too few to say which one is best" in rank("abc", [table_of(np.ones(5, bool))] * 3).verdict()


def test_points_have_no_sign_without_a_difference():
    assert points(-0.0004, signed=True) == "0.0"
