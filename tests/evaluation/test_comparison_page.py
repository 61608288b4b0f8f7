import numpy as np

from imgcls.evaluation.alignment import align
from imgcls.evaluation.comparison import compare_aligned, rank_aligned
from imgcls.evaluation.comparison_page import CONFIG_SAME, comparison_page, metrics_table, ranking_page
from imgcls.evaluation.section import TextTable
from tests.evaluation.pairs import pair_of, table_of


def test_the_page_of_two_says_what_was_gained_and_lost(tmp_path):
    aligned = align(["old", "new"], pair_of(60, 2, 9, 9))
    page = comparison_page(compare_aligned(aligned), aligned, None, "the test split")
    assert [section.name for section in page.sections] == ["metrics", "classes", "gained", "lost", "config"]
    assert [len(page.images[name]) for name in ("gained", "lost")] == [9, 2]
    assert page.sections[2].sentences == ("9 images, the clearest first.",)
    page.write(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert CONFIG_SAME in text
    assert "no image" in text  # the files are not there


def test_differences_of_shares_are_in_points_and_others_in_their_own_unit():
    aligned = align(["old", "new"], pair_of(60, 2, 9, 9))
    rows = {row[0]: row for row in metrics_table(compare_aligned(aligned)).rows}
    assert rows["accuracy"][1:3] == ("77.5 %", "86.2 %")
    assert rows["accuracy"][3].startswith("+8.8 points (")
    assert rows["log loss"][3].startswith("-0.")


def test_the_page_of_many_has_a_row_a_run_and_the_configs(tmp_path):
    tables = [*pair_of(60, 2, 9, 9), table_of(np.arange(80) % 2 > 0)]
    ranking = rank_aligned(align("abc", tables))
    config = TextTable(("field", "a", "b", "c"), (("epochs", "1", "2", "3"),))
    page = ranking_page(ranking, config, "the test split")
    page.write(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert [row[0] for row in page.sections[0].table.rows] == ["b", "a", "c"]
    assert page.sections[0].table.rows[0][1] == "best"
    assert "<td>epochs</td>" in text
    assert text.count("<svg") == 1
