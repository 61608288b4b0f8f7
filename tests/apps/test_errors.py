"""What goes wrong, as a sentence on the page; and nothing is lost by it."""

import resource
import shutil
from contextlib import contextmanager

import pytest
from parts import grid
from parts.errors import in_page
from projects.decisions import record, unsaved
from projects.project import create_project
from projects.versions import current_number, list_versions, manifest_of
from projects.wording import in_words

from imgcls.image_files import NEEDS_HEIF, UNKNOWN_FORMAT


@contextmanager
def no_room(size: int = 200):
    """The system takes no file larger than this many bytes, as a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def two_selected(monkeypatch):
    """The user selects two images in the grid."""
    monkeypatch.setattr("parts.data.pictures.image_grid", lambda *_, **__: grid.GridAnswer([0, 1], None))


def test_without_room_a_change_is_refused_and_can_be_made_later(page, project, two_selected):
    view = page("data", project="clothes")
    with no_room():
        view.press("Leave out")
    assert "cannot be used" in view.errors
    assert "Choose another disk" in view.errors
    assert [version.number for version in list_versions(project)] == [1]
    view.press("Leave out")
    assert current_number(project) == 2
    assert len(manifest_of(project).usable) == 28


def test_a_list_of_versions_that_ends_in_half_a_line_is_read(page, project, two_selected):
    with (project.data / "versions.jsonl").open("a") as file:
        file.write('{"number": 2, "wha')
    view = page("data", project="clothes").press("Leave out")
    assert not view.errors
    assert [version.what for version in list_versions(project)] == ["30 images added", "2 images left out"]


def test_without_room_a_decision_stays_where_it_was_made(project):
    from parts.errors import of_system
    from projects.decisions import read_decision

    values = {"id": "1", "queue": "no-label", "version": 1, "row": 0, "act": "label", "labels": ["bag"]}
    decision = read_decision(values, "")
    with no_room(20), pytest.raises(OSError, match="File too large") as refused:
        record(project, [decision])
    assert of_system(refused.value)
    record(project, [decision])
    assert unsaved(project) == [decision]


def test_a_project_that_somebody_deleted_meanwhile_is_said(page, project):
    view = page("data", project="clothes")
    shutil.rmtree(project.folder)
    assert "There is no project 'clothes'" in view.look().errors


def test_a_folder_that_is_gone_is_named_with_what_to_do(page, project, clothes, two_selected):
    from parts.errors import of_system

    shutil.rmtree(clothes)
    with pytest.raises(OSError, match="No such file") as gone:
        next((clothes / "bag").iterdir())
    assert "somebody moved or deleted it" in of_system(gone.value)
    view = page("data", project="clothes").press("Leave out")  # what is known of the images is still there
    assert not view.errors
    assert len(manifest_of(project).usable) == 28


def test_a_sentence_of_the_library_has_no_commands_and_shows_names_as_they_are():
    said = in_page("Unknown network '![x](p.gif)'. `python -m imgcls.models` lists them, or leave out --model.")
    assert said == "Unknown network '!\\[x\\](p.gif)'. The page Learn lists them, or leave out an option."


def test_a_title_with_signs_of_markdown_is_shown_as_it_is(page, here):
    create_project("*My* ![x](p.gif)")
    view = page("data", project="my-x-p-gif")
    assert view.widgets.sidebar.subheader[0].value == r"\*My\* !\[x\](p.gif)"


def test_what_a_callback_raises_is_a_sentence_on_the_page_that_runs_next(here):
    from streamlit.testing.v1 import AppTest

    def pressed():
        import streamlit as st
        from parts.errors import callback, explained

        def fail(name):
            raise ValueError(f"There is no run {name!r}.")

        with explained():
            st.button("Press", on_click=callback(fail, "Not kept."), args=("first",))
            st.write("behind")

    view = AppTest.from_function(pressed, default_timeout=60).run()
    view.button[0].click().run()
    assert not view.exception
    assert [error.value for error in view.error] == ["Not kept. There is no run 'first'."]
    assert view.markdown[0].value == "behind"
    assert not view.run().error


def test_a_reason_that_a_callback_gave_is_not_said_again_by_the_page(here):
    from streamlit.testing.v1 import AppTest

    def pressed():
        import streamlit as st
        from parts.errors import callback, explained

        def fail():
            raise ValueError("There is no project.")

        with explained():
            st.button("Press", on_click=callback(fail, "Not kept."))
            fail()

    view = AppTest.from_function(pressed, default_timeout=60).run()
    assert [error.value for error in view.error] == ["There is no project."]
    view.button[0].click().run()
    assert [error.value for error in view.error] == ["Not kept. There is no project."]


def test_a_heic_file_that_is_not_read_says_whom_to_ask():
    assert in_words(NEEDS_HEIF) == (
        "a HEIC file, for which this app lacks a package. Ask who installed it to add it: pip install imgcls[heic]"
    )
    assert "pip" not in in_words(UNKNOWN_FORMAT)
