import numpy as np
import pandas as pd
import pytest
from PIL import Image

from imgcls.evaluation.pages.section import Section
from imgcls.explain.drawing.picture import Picture
from imgcls.workflow.explanation.written import ROWS, Written, file_name


@pytest.fixture
def written(tmp_path) -> Written:
    return Written(tmp_path / "out", "my run")


def picture(title: str = "a map") -> Picture:
    return Picture(Image.new("RGB", (64, 64), "gray"), title, ("method, layer",))


def test_a_page_holds_pictures_and_text_in_one_file(written):
    written.section(Section("one", "One image", ("A sentence.",)), [picture(), picture("another <map>")])
    text = written.page("lenet5", "A verdict.").read_text("utf-8")
    assert text.count("data:image/jpeg;base64,") == 2
    assert "another &lt;map&gt;" in text
    assert "A verdict." in text


def test_many_rows_make_several_sheets(written):
    paths = written.contact_sheets("sheet", [[picture()]] * (ROWS + 1), "Many")
    assert [path.name for path in paths] == ["sheet-1.png", "sheet-2.png"]
    assert [path.name for path in written.contact_sheets("few", [[picture()]], "Few")] == ["few.png"]


def test_arrays_and_tables_are_read_back(written):
    path = written.arrays("a b", {"values": np.arange(3), "name": "bag"})
    assert path.name == "a-b.npz"
    with np.load(path) as arrays:
        assert (arrays["values"].tolist(), str(arrays["name"])) == ([0, 1, 2], "bag")
    table = pd.read_csv(written.table("t", pd.DataFrame({"x": [1 / 3]})))
    assert table["x"][0] == pytest.approx(1 / 3, abs=1e-6)
    assert written.files == [path, written.folder / "t.csv"]


@pytest.mark.parametrize(
    ("name", "expected"), [("my photo (1).jpg", "my-photo-1-.jpg"), ("../x", "..-x"), ("///", "image"), ("äö", "äö")]
)
def test_a_name_becomes_one_that_every_file_system_takes(name, expected):
    assert file_name(name) == expected
