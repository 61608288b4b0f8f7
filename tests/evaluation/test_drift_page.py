import numpy as np

from imgcls.evaluation.drift import compare_with_reference
from imgcls.evaluation.drift_observations import Observations
from imgcls.evaluation.drift_page import drift_page
from imgcls.evaluation.drift_reference import DriftReference
from tests.evaluation.observed import drawn_table


def test_the_page_has_a_chart_of_each_figure_and_stands_alone(tmp_path):
    reference = DriftReference.from_table(drawn_table(100, seed=0))
    observed = Observations.of_table(drawn_table(100, seed=1, brightness=0.7), reference.summary)
    found = compare_with_reference(reference, observed)
    drift_page(reference, observed, found, "photos & <more>").write(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "photos &amp; &lt;more&gt;" in page
    assert page.count("<svg") == len(found.figures) - 1  # the embeddings have no number an image
    assert "they are darker" in page
    assert "http" not in page.replace("http://www.w3.org/", "")


def test_values_that_are_all_alike_can_be_drawn(tmp_path):
    table = drawn_table(40, seed=0)
    table.rows["width"] = 480
    reference = DriftReference.from_table(table)
    observed = Observations.of_table(table, reference.summary)
    page = drift_page(reference, observed, compare_with_reference(reference, observed), "photos")
    page.write(tmp_path / "page.html")
    assert np.all(observed.values["aspect"] == 1)
