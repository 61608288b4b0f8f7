"""Predict in Chromium: images are dropped, and one is taken by a camera that a file stands in for."""

import shutil

import pytest

from tests.apps.served import PATIENCE, running, take_a_photo

pytestmark = pytest.mark.browser


@pytest.fixture
def address(here, small_run):
    """The page, in a project with a trained run."""
    from projects.project import create_project

    shutil.copytree(small_run.path, create_project("Clothes").runs / "small")
    with running() as found:
        yield f"{found}/predict?project=clothes"


def test_dropped_pictures_and_one_of_the_camera_are_named(with_camera, address, small_data):
    page = with_camera.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(address)
    pictures = sorted((small_data / "test" / "trouser").iterdir())[:3]
    page.locator("input[type=file]").first.set_input_files(pictures)
    page.get_by_text("3 images, named by: Run small.").wait_for()
    shown = page.get_by_alt_text(pictures[0].name)
    shown.scroll_into_view_if_needed()
    shown.evaluate("image => image.decode()")  # fails if the image is not there
    page.get_by_role("radio", name="Camera").click()
    take_a_photo(page)
    page.get_by_text("4 images, named by: Run small.").wait_for()
    page.reload()
    page.get_by_text("4 images, named by: Run small.").wait_for()
    page.get_by_alt_text("Camera").wait_for()  # which fails if there are two
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the table").click()
    assert len(download.value.path().read_text().splitlines()) == 5
    assert not failures
