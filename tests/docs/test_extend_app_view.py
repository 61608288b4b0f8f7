"""docs/extend/app_view.md does what it says."""

import sys

import pytest
from streamlit.testing.v1 import AppTest

from imgcls.data.sources.load import load_manifest
from tests.conftest import ROOT, SAMPLE
from tests.docs import code_of


@pytest.fixture
def view(tmp_path, monkeypatch):
    """Runs the view of the page in an empty folder, as `streamlit run apps/app.py` does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT / "apps"))
    monkeypatch.setattr(sys, "argv", ["app.py"])
    return AppTest.from_string(code_of("extend/app_view.md"), default_timeout=60)


def test_the_view_of_the_page_shows_the_classes_of_a_manifest(view):
    manifest = load_manifest(SAMPLE)
    manifest.save("manifests/clothes.parquet")
    shown = view.run()
    assert not shown.exception
    assert [text.value for text in shown.markdown] == [f"The manifest has {len(manifest.class_names)} classes."]


def test_the_view_of_the_page_says_what_to_do_without_a_manifest(view):
    shown = view.run()
    assert not shown.exception
    assert [error.value for error in shown.error] == ["There is no manifest yet. Save one on the page Labels."]
