import re
from pathlib import Path

from imgcls.evaluation.pages.charts import DARK_PALETTE, INK, PALETTE
from imgcls.evaluation.pages.page import inlined

from .test_charts import contrast

STYLE = inlined("pages/page.css")
COLORS = {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", STYLE)}


def test_the_page_sets_the_colours_of_the_charts():
    assert {name: COLORS[f"chart-{name}"] for name in PALETTE} == {
        name: (PALETTE[name], DARK_PALETTE[name]) for name in PALETTE
    }
    assert all(f"--chart-{name}:" in STYLE for name in INK)


def test_what_is_written_can_be_read_in_light_and_in_dark():
    for theme in (0, 1):
        grounds = [COLORS[name][theme] for name in ("page", "card", "raised")]
        for name in ("ink", "soft", "action", "wrong", "error", "warning", "note"):
            assert min(contrast(COLORS[name][theme], ground) for ground in grounds) >= 4.5, (name, theme)
        for name in ("heat-right", "heat-wrong"):
            assert contrast(COLORS["ink"][theme], COLORS[name][theme]) >= 4.5, (name, theme)


def test_the_files_of_the_pages_are_in_the_package():
    folder = Path(__file__).parents[3] / "imgcls" / "evaluation"
    packaged = (folder.parents[1] / "pyproject.toml").read_text("utf-8")
    for file in [*folder.rglob("*.css"), *folder.rglob("*.js"), *folder.rglob("*.html")]:
        assert f"**/*{file.suffix}" in packaged
