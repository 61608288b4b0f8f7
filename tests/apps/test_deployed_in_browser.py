"""A network of today in Chromium: served, measured, stopped; images are named by run, exported model and server.

A folder on the server, a zip file and an uploaded folder are each named by a job; the answers are kept.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.apps.served import PATIENCE, look, running

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = 3 * PATIENCE  # an export, a load test
MODEL = "convnextv2_atto"


@pytest.fixture
def project(here, small_data):
    """A project with a run of a network of today, and the images to be named in a folder."""
    from projects.project import create_project

    made = create_project("Clothes")
    flags = {"--data": small_data, "--model": MODEL, "--image-size": 32, "--epochs": 1, "--runs": made.runs,
             "--name": "small", "--plan": "scratch"}  # fmt: skip
    command = [sys.executable, "-m", "imgcls.train", *(str(each) for flag in flags.items() for each in flag)]
    subprocess.run(command, check=True)
    shutil.copytree(small_data / "test" / "bag", "photos/bag")
    with zipfile.ZipFile("photos.zip", "w") as archive:
        for image in sorted((small_data / "test" / "trouser").iterdir()):
            archive.write(image, f"photos/{image.name}")
    return made


@pytest.fixture
def page(browser, project):
    """A page of the app, and the app's address."""
    with running() as address:
        page = browser.new_page(viewport={"width": 1280, "height": 1200})
        page.set_default_timeout(PATIENCE)
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        yield page, address
        assert not failures


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def test_a_network_of_today_is_served_and_images_are_named_by_run_bundle_and_server(page, project, small_data):
    from jobs.servers import find_server

    page, address = page
    deploy(page, address, small_data)
    server = find_server(project, "small")
    name_a_place(page, address, "run:small")
    name_an_archive(page, address, "bundle:small")
    name_a_folder(page, address, f"server:{server.model_address}", small_data)
    add_to_data(page, address)
    look(page, f"{address}/deploy?project=clothes&run=small")
    press(page, "Stop the server")
    page.get_by_role("button", name="Start the server").wait_for()


def deploy(page, address: str, small_data: Path) -> None:
    look(page, f"{address}/deploy?project=clothes&run=small")
    press(page, "Export and start")
    page.get_by_text("Try a request").wait_for(timeout=LONG)
    assert page.get_by_text("probabilities differ by at most").count() == 1
    page.locator("input[type=file]").first.set_input_files(min((small_data / "test" / "bag").iterdir()))
    page.get_by_text("The likeliest classes, as the server sent them.").wait_for()
    press(page, "Run a load test")
    page.get_by_text("one client gets an answer in").wait_for(timeout=LONG)
    for button, words in (("Docker Compose file", "MODEL_NAME: small"), ("Kubernetes file", "/models/small/1")):
        with page.expect_download() as download:
            press(page, button)
        assert words in download.value.path().read_text("utf-8")


def name_a_place(page, address: str, model: str) -> None:
    look(page, f"{address}/predict?project=clothes&model={model}")
    page.get_by_role("radio", name="On the server").click()
    page.get_by_role("textbox", name="Folder, zip or tar file on the server").fill("photos")
    page.keyboard.press("Enter")
    press(page, "Name these images")
    page.get_by_text("10 images, named by: Run small.").wait_for(timeout=LONG)


def name_an_archive(page, address: str, model: str) -> None:
    look(page, f"{address}/predict?project=clothes&model={model}")
    page.get_by_role("radio", name="Folder or zip").click()
    page.locator("input[type=file]").nth(1).set_input_files("photos.zip")
    press(page, "Name these images")
    page.get_by_text("10 images, named by: Exported model small.").wait_for(timeout=LONG)
    shown = page.locator(".answers img").first
    shown.scroll_into_view_if_needed()
    shown.evaluate("image => image.decode()")  # fails if the image is not there


def name_a_folder(page, address: str, model: str, small_data: Path) -> None:
    look(page, f"{address}/predict?project=clothes&model={model}")
    page.get_by_role("radio", name="Folder or zip").click()
    page.locator("input[type=file][webkitdirectory]").first.set_input_files(small_data / "test" / "sneaker")
    press(page, "Name these images")
    page.get_by_text(f"10 images, named by: Server {model.removeprefix('server:')}.").wait_for(timeout=LONG)
    with page.expect_download() as download:
        press(page, "Download the table")
    assert len(download.value.path().read_text("utf-8").splitlines()) == 11


def add_to_data(page, address: str) -> None:
    press(page, "Add to data")
    press(page, "Add them")
    page.get_by_text("10 images added.").wait_for()
    page.reload()
    page.get_by_text("Earlier answers (2)").wait_for()
