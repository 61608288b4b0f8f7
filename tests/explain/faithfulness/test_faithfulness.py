import pytest

from imgcls.explain.faithfulness import Areas, Faithfulness
from imgcls.explain.faithfulness.faithfulness import (
    BELIEVABLE,
    LIKE_BLOB,
    LIKE_CHANCE,
    LIKE_UNTRAINED,
    MOST_LIKENESS,
    UNTESTABLE,
)


def judged(map_: float, blob: float, random: float, score_range: float = 1.0, **more: object) -> Faithfulness:
    """With these gains of insertion over deletion."""
    return Faithfulness(Areas(0.2, 0.2, 0.2), Areas(0.2 + map_, 0.2 + blob, 0.2 + random), score_range, **more)


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((0.5, 0.3, 0.1), BELIEVABLE),
        ((0.3, 0.3, 0.1), LIKE_BLOB),
        ((0.3, 0.1, 0.3), LIKE_CHANCE),
        ((0.1, 0.0, 0.3), LIKE_CHANCE),
    ],
)
def test_a_map_has_to_beat_chance_and_then_a_blob(gains, verdict):
    found = judged(*gains, likeness=0.1)
    assert found.verdict == verdict
    assert found.fails == ("" if verdict == BELIEVABLE else verdict)
    assert found.caption.startswith(verdict)


def test_a_small_score_is_judged_by_how_far_it_moves():
    assert judged(0.005, 0.003, 0.001, score_range=0.01).verdict == BELIEVABLE
    assert judged(0.005, 0.003, 0.001, score_range=1.0).verdict == LIKE_CHANCE
    assert judged(0.0, 0.0, 0.0, score_range=1e-5).verdict == UNTESTABLE


def test_a_map_that_is_there_without_learning_fails_though_it_covers_well():
    found = judged(0.5, 0.3, 0.1, likeness=MOST_LIKENESS + 0.01)
    assert found.verdict == BELIEVABLE
    assert found.fails == LIKE_UNTRAINED
    assert found.caption.startswith(LIKE_UNTRAINED)


def test_without_a_map_its_problem_is_all_that_is_said():
    found = judged(0.0, 0.3, 0.1, likeness=0.0, problem="all zero")
    assert (found.verdict, found.fails, found.caption) == ("all zero",) * 3


def test_the_caption_holds_the_figures():
    caption = judged(0.5, 0.3, 0.1, likeness=0.123).caption
    assert "deletion 0.20 (blob 0.20, random 0.20), insertion 0.70 (blob 0.50, random 0.30)" in caption
    assert caption.endswith("likeness to random weights 0.12")
    assert "likeness" not in judged(0.5, 0.3, 0.1).caption
