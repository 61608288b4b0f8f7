"""docs/extend/app_view.md does what it says."""

import sys

import pytest
from streamlit.testing.v1 import AppTest

from imgcls.data.sources.load import load_manifest
from tests.conftest import ROOT, SAMPLE
from tests.docs import code_of


@pytest.fixture
def view(tmp_path, monkeypatch):
    """Runs the view of the page for a project in an empty folder, as `streamlit run apps/app.py` does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT / "apps"))
    monkeypatch.setattr(sys, "argv", ["app.py"])
    from projects.project import create_project

    create_project("Clothes")
    shown = AppTest.from_string(code_of("extend/app_view.md"), default_timeout=60)
    shown.query_params["project"] = "clothes"
    return shown


def test_the_view_of_the_page_shows_the_classes_of_a_project(view):
    from projects.project import open_project
    from projects.versions import add_version

    manifest = load_manifest(SAMPLE)
    add_version(open_project("clothes"), manifest, "2,500 images added", 0)
    shown = view.run()
    assert not shown.exception
    assert [text.value for text in shown.markdown] == [f"The project has {len(manifest.class_names)} classes."]


def test_the_view_of_the_page_says_what_to_do_without_images(view):
    shown = view.run()
    assert not shown.exception
    assert "Add some on the page Data" in shown.error[0].value
