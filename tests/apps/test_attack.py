"""Somebody who can open the app tries to run a program, or to read what lies outside of the app's folder."""

import base64
import json
import pickle
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.apps.served import PATIENCE, SAMPLE, App, look, served, settled

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with served(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1280, "height": 1400})
    opened.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield opened
    assert opened.locator("[data-testid=stException]").count() == 0
    opened.close()


@pytest.fixture
def project(app, monkeypatch, request) -> str:
    """The name of an empty project of the test's own."""
    from projects.project import create_project

    monkeypatch.chdir(app.folder)
    return create_project(request.node.name).name


@pytest.fixture
def outside(tmp_path) -> Path:
    """A folder of images beside the app's own."""
    (tmp_path / "secret" / "bag").mkdir(parents=True)
    image = next((SAMPLE / "test" / "bag").iterdir())
    (tmp_path / "secret" / "bag" / "private.png").write_bytes(image.read_bytes())
    return tmp_path / "secret"


@pytest.fixture
def marker(tmp_path) -> Path:
    """A file that is there once a program of the attacker's has run."""
    return tmp_path / "it_ran"


class Trap:
    """Writes the marker when it is unpickled."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self):
        return (open, (str(self.marker), "w"))


def kept_by(app: App) -> set[str]:
    """The names of all files that lie in the app's folder."""
    return {file.name for file in app.folder.rglob("*") if file.is_file()}


def come_from(page, app: App, project: str, way: str) -> None:
    """Choose on the page Data where images come from."""
    look(page, f"{app.address}/data?project={project}&add=1")
    page.get_by_role("radio", name=way).or_(page.get_by_role("button", name=way)).click()


def drop(page, app: App, project: str, *files: Path) -> None:
    """Add files on the page Data."""
    come_from(page, app, project, "Files or a ZIP")
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(files)
    page.get_by_text(files[-1].name).first.wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stFileUploader] [role=progressbar]')")
    settled(page)
    page.get_by_role("button", name="Add these images").click()


def refused(page) -> str:
    """The sentence with which the page refuses something."""
    box = page.get_by_test_id("stAlertContentError").first
    box.wait_for()
    return box.inner_text()


def test_a_network_is_not_kept(page, app, project, tmp_path, marker):
    image = tmp_path / "bag.png"
    image.write_bytes(next((SAMPLE / "test" / "bag").iterdir()).read_bytes())
    program = tmp_path / "my_net.py"
    program.write_text(f"open({str(marker)!r}, 'w')")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(program, "bag/my_net.py")
        archive.write(image, "bag/bag.png")
    drop(page, app, project, program)
    assert "None of the uploaded files is an image or an annotation file" in refused(page)
    drop(page, app, project, tmp_path / "all.zip")
    page.get_by_text("my_net.py").first.wait_for(state="attached")  # what was left out is said
    assert "my_net.py" not in kept_by(app)
    assert not marker.exists()
    look(page, f"{app.address}/learn?network={program}")
    assert "no network of this list" in refused(page)


def test_an_archive_does_not_lead_out(page, app, project, tmp_path):
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.writestr("../../../out_of_the_folder.png", b"x")
    drop(page, app, project, tmp_path / "out.zip")
    assert "leads out of the folder" in refused(page)
    assert "out_of_the_folder.png" not in kept_by(app)


def test_a_table_of_images_elsewhere_is_refused(page, app, project, tmp_path, outside):
    import pandas as pd

    from imgcls.data.manifest.table import Manifest

    rows = pd.DataFrame({"image": ["bag/private.png"], "label": ["bag"], "sha256": ["0" * 64]})
    Manifest.from_records(rows, outside).save(tmp_path / "elsewhere.parquet")
    drop(page, app, project, tmp_path / "elsewhere.parquet")
    assert "outside" in refused(page)
    look(page, f"{app.address}/data?project={project}")
    assert "private.png" not in page.content()


@pytest.mark.parametrize("name", ["labels.parquet", "labels.npz", "labels.csv", "labels.pkl", "model.keras"])
def test_a_pickle_is_never_opened(page, app, project, tmp_path, marker, name):
    (tmp_path / name).write_bytes(pickle.dumps(Trap(marker)))
    drop(page, app, project, tmp_path / name)
    assert refused(page)
    assert not marker.exists()


def test_a_typed_path_stays_in_the_folder(page, app, project, outside):
    link = app.folder / "innocent"
    if not link.is_symlink():
        link.symlink_to(outside)
    for typed in (str(outside), "../", "innocent", "~"):
        come_from(page, app, project, "On the server")
        page.get_by_role("textbox", name="Folder or annotation file on the server").fill(typed)
        page.get_by_role("textbox", name="Folder or annotation file on the server").press("Enter")
        page.get_by_role("button", name="Add these images").click()
        assert "lies outside of" in refused(page), typed


def test_a_path_typed_into_a_setting_of_a_training_stays_in_the_folder(page, app, outside):
    look(page, f"{app.address}/train?project={app.project}")
    page.get_by_text("Settings", exact=True).click()
    page.get_by_role("textbox", name="Find a setting").fill("start from")
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Start from")
    for typed in (str(outside), "..", "~"):
        field.fill(typed)
        field.press("Enter")
        settled(page)
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_text(f"{typed} lies outside of").first.wait_for()
    page.get_by_text("Take in a run or an exported model from the server").click()
    page.get_by_role("combobox", name="Folder of a run or of an exported model").fill(str(outside))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take it in").click()
    page.get_by_text(f"{outside} lies outside of").wait_for()
    assert not list((app.folder / "projects" / app.project / "runs").glob("[!.]*"))


def test_a_path_typed_on_predict_stays_in_the_folder(page, app, outside):
    look(page, f"{app.address}/predict?project={app.project}")
    page.get_by_role("radio", name="On the server").click()
    field = page.get_by_role("textbox", name="Folder, zip or tar file on the server")
    for typed in (str(outside), "..", "~", "/etc/passwd"):
        field.fill(typed)
        field.press("Enter")
        settled(page)
        page.get_by_role("button", name="Name these").click()
        page.get_by_text(f"{typed} lies outside of").first.wait_for()
    assert "private.png" not in page.content()


def test_an_address_stays_in_the_folder(page, app, outside):
    for address in (
        f"data?project=../../{outside.name}",
        f"results?project={app.project}&run=../../../../{outside.name}",
        f"predict?project={app.project}&model={outside}",
        f"label?project={app.project}&queue=../../../../{outside.name}",
        f"deploy?project={app.project}&bundle=../../../../{outside.name}",
    ):
        page.goto(f"{app.address}/{address}")
        page.locator("[data-test-script-state=notRunning]").wait_for()
        page.locator("[data-testid=stAlert], h1").first.wait_for()
        assert "private.png" not in page.content()
        assert "Traceback" not in page.content()


def test_a_forged_image_address_gives_nothing(page, app, outside):
    what = base64.urlsafe_b64encode(json.dumps([str(outside / "bag" / "private.png"), None, 192]).encode()).decode()
    for address in (
        f"/file/{what}?key={'0' * 32}",
        f"/file/{what}",
        f"/picture/{app.project}/1/0?side=192&key={'0' * 32}",
        f"/picture/{app.project}/1/0",
        "/file/..%2F..%2Fetc%2Fpasswd?key=",
        "/picture/..%2F..%2Fetc/1/0?side=192&key=x",
    ):
        answer = page.request.get(app.address + address)
        assert answer.headers.get("content-type") != "image/webp", address
        assert answer.status in (400, 403, 404), address
