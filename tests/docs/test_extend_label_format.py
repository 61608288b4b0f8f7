"""docs/extend/label_format.md does what it says."""

import dataclasses

import pytest
from PIL import Image

from imgcls.labels import FORMATS, WRITERS, Format, formats, writers
from tests.docs import DOCS, code_of


@pytest.fixture
def page(tmp_path, monkeypatch):
    """The names that the page's code defines, run in a folder with a data set of its format."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "all.labels").write_text("a.png\tcat\nb.png\tdog\nnothing\n")
    monkeypatch.setattr(formats._CATALOGUE, "_registered", {})
    monkeypatch.setattr(writers._CATALOGUE, "_registered", {})
    names: dict = {"__name__": "page"}
    exec(compile(code_of("extend/label_format.md"), "label_format.md", "exec"), names)
    yield names
    FORMATS.pop("tabbed")
    WRITERS.pop("tabbed")


def test_the_page_adds_a_format_that_reads_and_writes(page, tmp_path):
    assert page["found"] == "tabbed"
    rows = page["records"].boxes_or_images
    assert rows[["image", "label"]].to_numpy().tolist() == [["a.png", "cat"], ["b.png", "dog"]]
    assert page["records"].problems["line"].tolist() == ["3"]
    assert page["lost"].empty
    assert (tmp_path / "copy" / "all.labels").read_text() == "a.png\tcat\nb.png\tdog\n"
    assert (tmp_path / "copy" / "b.png").is_file()


def test_the_page_names_every_field_of_a_format():
    text = (DOCS / "extend/label_format.md").read_text("utf-8")
    assert all(f"\n| `{field.name}` |" in text for field in dataclasses.fields(Format))
