"""docs/extend/app_view.md does what it says."""

from streamlit.testing.v1 import AppTest

from imgcls.data.sources.load import load_manifest
from tests.docs import code_of


def view() -> AppTest:
    return AppTest.from_string(code_of("extend/app_view.md"), default_timeout=60).run()


def test_the_view_of_the_page_shows_the_classes_of_a_manifest(clothes):
    load_manifest(clothes).save("manifests/clothes.parquet")
    shown = view()
    assert not shown.exception
    assert [text.value for text in shown.markdown] == ["The manifest has 3 classes."]


def test_the_view_of_the_page_says_what_to_do_without_a_manifest(here):
    shown = view()
    assert not shown.exception
    assert [error.value for error in shown.error] == ["There is no manifest yet. Save one on the page Labels."]
