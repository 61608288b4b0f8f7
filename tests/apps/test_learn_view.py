"""The page apart from the road: networks, layers, a bench for convolutions. It needs no project."""

import os
import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image, ImageColor

from imgcls.models.registry import list_models
from tests.apps.served import APP, PATIENCE, look, running

PIXEL = {"Row of the output pixel": 3, "Column of the output pixel": 3}  # of the 7 x 7 of the image before


def metrics(view) -> dict[str, str]:
    return {metric.label: metric.value for metric in view.widgets.metric}


def test_all_networks_are_a_table_and_one_opens(page):
    view = page("learn")
    assert not view.errors
    table = view.widgets.dataframe[0].value
    assert len(table) >= 79
    assert set(table["network"]) <= set(list_models())
    assert table.set_index("network").loc["resnet50", "parameters"] == pytest.approx(25.557032)
    shown = view.widgets.dataframe[0].proto  # where no accuracy is known, it says nothing, not "None"
    assert shown.HasField("placeholder")
    assert not shown.placeholder
    view.choose("Network", "vgg16").press("Open a network")
    assert view.widgets.query_params["network"] == "vgg16"
    assert metrics(view)["Parameters"] == "138.36 M"
    layers = view.widgets.dataframe[0].value.set_index("layer")
    assert layers.iloc[0]["output"] == "224 x 224 x 64"
    assert "not on this machine" in view.text


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("app"))
        with running() as found:
            yield f"{found}/learn"


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "ground"), [("light", "white"), ("dark", "#12161c")])
def test_names_in_the_chart_are_read_on_the_ground_of_the_theme(browser, address, scheme, ground):
    from parts.learn.accuracy_chart import DARK_INK, INK

    page = browser.new_page(viewport={"width": 1280, "height": 1200}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    look(page, address)
    chart = Image.open(BytesIO(page.get_by_test_id("stVegaLiteChart").screenshot())).convert("RGB")
    counts = {color: count for count, color in chart.getcolors(1 << 24)}
    ink = ImageColor.getrgb(DARK_INK if scheme == "dark" else INK)
    assert counts.get(ink, 0) > 100
    assert abs(luminance(ink) - luminance(ImageColor.getrgb(ground))) > 0.6
    assert not counts.get((0, 0, 0))


def luminance(color: tuple[int, int, int]) -> float:
    return sum(share * value / 255 for share, value in zip((0.2126, 0.7152, 0.0722), color, strict=True))


def test_a_narrow_chart_has_fewer_names_and_the_best_first():
    from parts.learn.accuracy_chart import NARROW, WIDE, names_with_room
    from parts.learn.networks import family_of, networks_table

    table = networks_table().sort_values("operations")
    known = table[table["on"].str.startswith("ImageNet")].assign(family=table["network"].map(family_of))
    wide, narrow = (list(names_with_room(known, width)["name"]) for width in (WIDE, NARROW))
    assert 8 <= len(narrow) < len(wide) < 40
    assert wide[0] == narrow[0] == known.loc[known["accuracy"].idxmax(), "network"]


@pytest.mark.browser
def test_the_tables_of_the_arithmetic_stand_at_one_height(browser, address):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    look(page, f"{address}?part=bench")
    page.get_by_text("times weights").wait_for()
    tops = page.locator("table tr:first-child").evaluate_all("rows => rows.map(row => row.getBoundingClientRect().top)")
    assert len(tops) == 3
    assert len(set(tops)) == 1


SHEET = """
from io import BytesIO
from PIL import Image
from parts.learn.own_picture import show_sheet

drawn = BytesIO()
Image.new("RGB", (830, 645), "gray").save(drawn, "PNG")
show_sheet(drawn.getvalue(), "The units")
"""


@pytest.mark.browser
def test_a_sheet_of_numbers_keeps_its_width_on_a_narrow_page(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(APP.parent), prepend=os.pathsep)
    (tmp_path / "sheet.py").write_text(SHEET)
    with running(tmp_path / "sheet.py") as found:
        page = browser.new_page(viewport={"width": 400, "height": 800})
        page.set_default_timeout(PATIENCE)
        page.goto(found)
        group = page.get_by_role("group", name="The units")
        assert group.get_by_role("img").bounding_box()["width"] >= 640
        assert group.bounding_box()["width"] < 400
        assert group.evaluate("each => each.scrollWidth > each.clientWidth && each.tabIndex === 0")
        assert page.evaluate("document.documentElement.scrollWidth") <= 400


OWN = """
from io import BytesIO
import streamlit as st
from PIL import Image
from imgcls.explain.drawing.legend import Legend
from parts.learn import own_picture

def png(*size):
    drawn = BytesIO()
    Image.new("RGB", size, "gray").save(drawn, "PNG")
    return drawn.getvalue()

own_picture.layers = lambda network: ["conv"]
own_picture.look = lambda *asked: {
    "name": "a cat", "probability": 0.5, "activations": png(830, 645), "heat": png(224, 224), "legend": Legend("0", "1")
}
st.file_uploader = lambda *asked, **more: BytesIO(b"image")
with st.container(width=832):  # as the page Learn is at 1280 pixels
    own_picture.show_own_picture("resnet50")
"""


@pytest.mark.browser
def test_the_activations_of_ones_own_image_are_not_cut_off(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(APP.parent), prepend=os.pathsep)
    (tmp_path / "own.py").write_text(OWN)
    with running(tmp_path / "own.py") as found:
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.set_default_timeout(PATIENCE)
        page.goto(found)
        group = page.get_by_role("group", name="What the units of conv answer")
        group.wait_for()
        assert group.evaluate("each => each.scrollWidth <= each.clientWidth")


def test_the_size_of_the_image_stands_in_the_address(page):
    view = page("learn", network="resnet20", image="64")
    assert view.widgets.dataframe[0].value.iloc[0]["output"] == "64 x 64 x 16"
    view.choose("Height and width of the image in pixels", 32)
    assert "image" not in view.widgets.query_params


def test_a_network_that_there_is_not_is_a_sentence(page):
    assert "Unknown architecture 'resnet51'" in page("learn", network="resnet51").errors
    assert "no network of this list" in page("learn", network="/tmp/mine.py").errors


def test_the_bench_spells_out_the_arithmetic(page):
    view = page("learn", part="bench", kernel="Blur", size="3", stride="2", padding="1")
    assert view.widgets.dataframe[0].value.shape == (14, 14)
    shown = [block.value for block in view.widgets.code]
    assert shown[0].count("·") == 9
    assert "(28 + 2·1 - 1·(3 - 1) - 1) / 2" in shown[1]
    assert view.html.count("<img") == 2
    assert view.html.count('alt="The ') == 2


def test_an_edited_kernel_survives_a_reload(page):
    view = page("learn", part="bench", kernel="Identity", size="3")
    area = view.widgets.text_area[0]
    area.set_value("0 0 0\n0 2 0\n0 0 0")
    view.look()
    assert view.widgets.query_params["weights"] == "0 0 0 / 0 2 0 / 0 0 0"
    again = page("learn", part="bench", kernel="Identity", size="3", weights="0 0 0 / 0 2 0 / 0 0 0")
    assert again.widgets.text_area[0].value == "0 0 0\n0 2 0\n0 0 0"


def test_the_kernel_and_how_it_moves_stay_while_an_own_image_is_chosen(page):
    view = page("learn", part="bench", kernel="Blur", size="3", stride="4", dilation="4")
    view.choose("Image", "My own image")
    assert "Choose an image." in view.text
    assert fields(view) == {"Divided by": 16, "Stride": 4, "Padding": 1, "Dilation": 4}
    view.upload({"notes.png": b"no image"})
    assert "no image that can be read" in view.errors
    assert fields(view)["Stride"] == 4
    drawn = BytesIO()
    Image.new("L", (60, 60), 200).save(drawn, "PNG")
    view.upload({"gray.png": drawn.getvalue()})
    assert fields(view) == {"Divided by": 16, "Stride": 4, "Padding": 1, "Dilation": 4} | PIXEL
    assert view.widgets.dataframe[0].value.shape == (14, 14)


def test_all_that_is_chosen_on_the_bench_survives_a_reload(page):
    view = page("learn", part="bench", kernel="Blur", size="3")
    view.choose("Image", "bag").choose("Divided by", 0.123456789)
    view.choose("Row of the output pixel", 3).choose("Column of the output pixel", 20)
    kept = view.widgets.query_params
    address = {name: value if isinstance(value, str) else value[0] for name, value in kept.items()}
    again = page("learn", **address)
    shown = fields(again)
    assert again.widgets.selectbox[0].value == "bag"
    assert shown["Divided by"] == 0.123456789
    assert (shown["Row of the output pixel"], shown["Column of the output pixel"]) == (3, 20)
    again.choose("Kernel", "Sharpen")
    assert fields(again)["Divided by"] == 1
    assert "divisor" not in again.widgets.query_params


def test_what_the_address_of_the_bench_cannot_mean_is_the_usual(page):
    view = page("learn", part="bench", kernel="Blur", size="3", sample="cow", divisor="inf", row="99", column="x")
    assert not view.errors
    assert view.widgets.selectbox[0].value == "ankle_boot"
    assert fields(view) | {"Divided by": 16, "Row of the output pixel": 14} == fields(view)
    assert fields(page("learn", part="bench", kernel="Blur", divisor="x"))["Divided by"] == 16


def fields(view) -> dict[str, float]:
    return {field.label: field.value for field in view.widgets.number_input}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1 2 / 3 4", "The kernel has 2 rows of 2 numbers. Write 3 rows of 3"),
        ("1 2", "The kernel has 1 row of 2 numbers."),
        ("1 2 3 / 4", "not equally long"),
        (" ", "The kernel is empty."),
        ("a b c / 1 1 1 / 1 1 1", "The kernel has “a”, which is no number. Write"),
        ("nan 0 0 / 0 0 0 / 0 0 0", "The kernel has “nan”, which is no number."),
        ("1e99 0 0 / 0 0 0 / 0 0 0", "too large"),
    ],
)
def test_a_kernel_that_is_none_is_a_sentence(page, written, said):
    assert said in page("learn", part="bench", kernel="Blur", size="3", weights=written).errors


def test_a_kernel_larger_than_the_image_is_a_sentence(page, monkeypatch):
    import numpy as np
    from parts.learn.convolution import Kernel, feature_map

    with pytest.raises(ValueError, match="less dilation or more padding"):
        feature_map(np.zeros((8, 8)), Kernel(np.ones((5, 5)), dilation=3))


@pytest.mark.thorough
def test_the_page_needs_no_tensorflow(here):
    script = f"""
import sys
sys.path.insert(0, {sys.path[0]!r})
from streamlit.testing.v1 import AppTest
from tests.apps.conftest import SHELL
page = AppTest.from_file(str(SHELL), default_timeout=60).run()
for address in ({{"network": "resnet50"}}, {{"part": "bench"}}, {{}}):
    page.query_params.clear()
    page.query_params.update(address)
    page.switch_page("views/learn.py").run()
    assert not page.exception and not page.error, page.error
assert not {{"tensorflow", "keras"}} & set(sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]


@pytest.mark.thorough
def test_a_network_with_its_weights_looks_at_a_picture(page):
    from tests.apps.conftest import SAMPLE

    view = page("learn", network="efficientnet_lite0", layer="stem_conv")
    assert "The filters of the first layer" in [each.label for each in view.widgets.expander]
    bag = next((SAMPLE / "test" / "bag").iterdir())
    view.upload({"bag.png": bag.read_bytes()})
    assert "The network says" in view.text
    assert view.html.count('alt="What') == 2
    assert "linear-gradient" in view.html
    view.upload({"notes.txt": b"no image"})
    assert "cannot be read" in view.errors
