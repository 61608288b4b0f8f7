"""What a benchmark takes from the table of earlier ones."""

from dataclasses import replace

from imgcls.workflow.benchmark.earlier import most_sure
from tests.workflow.benchmark.measured import PLAIN


def test_the_newest_row_is_taken_unless_it_has_fewer_rounds():
    newer, begun = replace(PLAIN, latency_ms=7.0), replace(PLAIN, rounds=2)
    assert most_sure([PLAIN, newer]) == {PLAIN.subject: newer}
    assert most_sure([PLAIN, begun]) == {PLAIN.subject: PLAIN}
    assert most_sure([begun, PLAIN]) == {PLAIN.subject: PLAIN}


def test_rows_without_a_figure_are_not_taken():
    nan = float("nan")
    assert most_sure([replace(PLAIN, latency_ms=nan), replace(PLAIN, accuracy=nan), replace(PLAIN, problem="no")]) == {}
