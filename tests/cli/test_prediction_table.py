from pathlib import Path

import pandas as pd
import pytest

from imgcls.cli.prediction_table import MOST_SHOWN, show_rows


@pytest.mark.parametrize(
    ("output", "end"),
    [(None, "7 more; --output predictions.csv keeps them all."), (Path("names.csv"), "7 more, in names.csv.")],
)
def test_the_last_line_says_where_the_other_rows_are(capsys, output, end):
    row = {"image": "a.png", "problem": "", "class": "cat", "probability": 0.9}
    show_rows(pd.DataFrame([row] * (MOST_SHOWN + 7)), 1, multi_label=False, is_judged=False, output=output)
    assert capsys.readouterr().out.splitlines()[-1] == f"... and {end}"
