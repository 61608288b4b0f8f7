import itertools
import re
from dataclasses import replace
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pandas as pd
import pytest

from imgcls.evaluation.pages.charts import DARK_PALETTE, PALETTE, as_svg, learning_curves
from imgcls.metrics import METRICS

LIGHT_PAGE, DARK_PAGE = "#ffffff", "#171b22"
VISION = {  # linear RGB as it is seen by those without one kind of cone; Machado et al., 2009, severity 1
    "all cones": np.eye(3),
    "no red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
ROW = {"loss": 0.5, "val_loss": 0.6, "accuracy": 0.8, "val_accuracy": 0.7}


def test_a_fitted_head_is_epoch_0_of_the_curves_and_has_none_by_itself():
    head, trained = {"epoch": 0, **ROW, "penalty": 0.1}, {"epoch": 1, **ROW, "learning_rate": 0.01}
    assert learning_curves([]) == learning_curves([head]) == ()
    assert all(">0</text>" in chart.svg for chart in learning_curves([head, trained]))
    assert not any(">0</text>" in chart.svg for chart in learning_curves([trained, {**trained, "epoch": 2}]))


def test_a_metric_that_is_only_measured_on_validation_has_a_curve_where_its_row_says_so(monkeypatch):
    rows = [{"epoch": epoch, **ROW, "val_macro_f1": 0.1 * epoch} for epoch in (1, 2, 3)]
    assert len(learning_curves(rows)) == 2
    monkeypatch.setitem(METRICS, "macro_f1", replace(METRICS["macro_f1"], in_curves=True))
    assert "macro f1" in learning_curves(rows)[-1].svg


def test_the_colours_of_a_chart_are_variables_that_a_page_may_set():
    data = pd.DataFrame({"x": [1, 2, 3], "y": [1, 3, 2], "kind": ["a", "b", "a"]})
    svg = as_svg(alt.Chart(data, title="A title").mark_line(clip=True).encode(x="x", y="y", color="kind"))
    ElementTree.fromstring(svg)  # is well formed
    used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
    assert {f"var(--chart-blue, {PALETTE['blue']})", f"var(--chart-orange, {PALETTE['orange']})"} <= used
    assert all(color in ("none", "transparent") or color.startswith("var(--chart-") for color in used)


def test_a_long_title_is_broken_into_lines():
    chart = alt.Chart(pd.DataFrame({"x": [1]}), width=120, title="A title of more letters than fit").mark_point()
    svg = as_svg(alt.hconcat(chart.encode(x="x"), title="Short"))
    assert "A title of more letters" not in svg
    assert re.search(r">A title of more</t\w+>", svg)
    assert "Short" in svg


def test_charts_in_one_page_do_not_share_names():
    def drawn(x: str) -> str:
        return as_svg(alt.Chart(pd.DataFrame({x: [1, 2]})).mark_point(clip=True).encode(x=x))

    first, second = (re.findall(r'id="([^"]+)"', drawn(x)) for x in ("a", "b"))
    assert first
    assert not set(first) & set(second)
    assert set(re.findall(r"url\(#([^)]+)\)", drawn("a"))) <= set(first)


@pytest.mark.parametrize(("palette", "page", "least"), [(PALETTE, LIGHT_PAGE, 3.0), (DARK_PALETTE, DARK_PAGE, 4.5)])
def test_the_colours_are_seen_on_the_page(palette, page, least):
    assert all(contrast(color, page) >= least for color in palette.values())


@pytest.mark.parametrize("palette", [PALETTE, DARK_PALETTE], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_the_colours_are_told_apart_with_any_colour_vision(palette, vision):
    seen = [lab(np.clip(VISION[vision] @ linear(color), 0, 1)) for color in palette.values()]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 12  # 2.3 is just noticed


def linear(color: str) -> np.ndarray:
    """sRGB, IEC 61966-2-1."""
    values = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1 to 21."""
    low, high = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* with the white of D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.maximum(to_xyz @ rgb / [0.9505, 1.0, 1.0891], 1e-6))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
