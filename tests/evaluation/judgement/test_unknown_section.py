import pytest

from imgcls.evaluation.judgement.unknown import UnknownScore
from imgcls.evaluation.judgement.unknown_fit import fit_unknown_score
from imgcls.evaluation.judgement.unknown_section import measure_unknown, unknown_section
from tests.evaluation.judgement.test_unknown import around_axes, strangers


@pytest.fixture(scope="module")
def score() -> UnknownScore:
    return fit_unknown_score(around_axes(0, 400), around_axes(1, 200), {"strong blur": strangers(2)})


def test_the_section_says_how_many_are_strange_and_how_the_score_was_chosen(score):
    table = around_axes(4, 100)
    section = unknown_section(score, table)
    unknown = int(score.is_unknown(table).sum())
    assert f"Of 100 images of classes that it knows, {unknown:.1f} % are called 'none of these'" in section.sentences[0]
    assert "The threshold lets 95 % of 200 validation images pass" in section.sentences[0]
    assert "The score is the distance to the class means (Mahalanobis)" in section.sentences[1]
    assert "% of images under strong blur" in section.sentences[1]
    assert section.table.columns == ("score", "hidden classes", "strong blur")
    assert section.table.rows[0][0] == "distance to the class means (Mahalanobis)"
    assert section.charts[0].svg.startswith("<svg")
    figures = measure_unknown(score, table)
    assert (figures["images"], figures["unknown"]) == (100, unknown)


def test_too_little_is_said():
    table = around_axes(4, 100)
    assert "fewer than 20 images: too few to say" in unknown_section(None, table).sentences[0]
    score = UnknownScore("energy", 0.0)
    assert "too few to say" in unknown_section(score, table.take(table.labels < 0)).sentences[0]
    assert "nothing to choose the score by" in unknown_section(score, table).sentences[1]
    assert measure_unknown(score, table.take(table.labels < 0))["interval"] is None
