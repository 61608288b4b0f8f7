"""The page apart from the road: networks, layers, a bench for convolutions. It needs no project."""

import subprocess
import sys

import pytest

from imgcls.models.registry import list_models


def metrics(view) -> dict[str, str]:
    return {metric.label: metric.value for metric in view.widgets.metric}


def test_all_networks_are_a_table_and_one_opens(page):
    view = page("learn")
    assert not view.errors
    table = view.widgets.dataframe[0].value
    assert len(table) >= 79
    assert set(table["network"]) <= set(list_models())
    assert table.set_index("network").loc["resnet50", "parameters"] == pytest.approx(25.557032)
    view.choose("Network", "vgg16").press("Open a network")
    assert view.widgets.query_params["network"] == "vgg16"
    assert metrics(view)["Parameters"] == "138.36 M"
    layers = view.widgets.dataframe[0].value.set_index("layer")
    assert layers.iloc[0]["output"] == "224 x 224 x 64"
    assert "not on this machine" in view.text


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


@pytest.mark.parametrize(
    ("written", "said"),
    [("1 2 / 3 4", "3 rows of 3"), ("a b c / 1 1 1 / 1 1 1", "no number"), ("1e99 0 0 / 0 0 0 / 0 0 0", "too large")],
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
    view.upload({"notes.txt": b"no image"})
    assert "cannot be read" in view.errors
