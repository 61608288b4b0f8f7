"""Every place that images can come from, in Chromium: one project gets them, one after the other."""

import http.server
import re
import shutil
import threading
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.apps.served import PATIENCE, SAMPLE, Line, happens, look, running, settled, take_a_photo

pytestmark = pytest.mark.browser
LARGE = 3_300  # pixels of a side of an image whose file has more than 30 MB
TOO_LARGE = 2_200_000_000  # bytes of a file


def images(name: str, first: int, last: int) -> list[Path]:
    return sorted((SAMPLE / "train" / name).iterdir())[first:last]


@pytest.fixture
def archive(tmp_path) -> Path:
    """Four bags and four sneakers, and an image of more than 30 MB."""
    noise = np.random.default_rng(0).integers(0, 256, (LARGE, LARGE, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png", compress_level=0)
    assert (tmp_path / "large.png").stat().st_size > 30_000_000
    with zipfile.ZipFile(tmp_path / "dropped.zip", "w") as file:
        for name in ("bag", "sneaker"):
            for image in images(name, 0, 4):
                file.write(image, f"{name}/{image.name}")
        file.write(tmp_path / "large.png", "bag/large.png")
    return tmp_path / "dropped.zip"


@pytest.fixture
def on_the_server(here) -> Path:
    """Four sneakers in a folder of the machine that runs the app."""
    (here / "photos" / "sneaker").mkdir(parents=True)
    for image in images("sneaker", 10, 14):
        shutil.copy(image, here / "photos" / "sneaker")
    return here / "photos"


@pytest.fixture
def addresses(tmp_path):
    """A table of the addresses of three trousers, which a server of this machine has: a private one."""
    (tmp_path / "web").mkdir()
    for image in images("trouser", 0, 3):
        shutil.copy(image, tmp_path / "web")
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=tmp_path / "web")) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        rows = [f"http://127.0.0.1:{server.server_port}/{image.name},trouser" for image in images("trouser", 0, 3)]
        (tmp_path / "table.csv").write_text("\n".join(["address,label", *rows]))
        yield tmp_path / "table.csv"
        server.shutdown()


@pytest.fixture
def prepared(tmp_path, monkeypatch) -> str:
    """The name of a data set that TensorFlow Datasets has prepared on this machine: two coats."""
    import tensorflow_datasets as tfds

    class TwoCoats(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = "two_coats"
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=["coat"])}
            features = tfds.features.FeaturesDict(features)
            return tfds.core.DatasetInfo(builder=self, features=features, supervised_keys=("image", "label"))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for image in images("coat", 0, 2):
                yield image.name, {"image": str(image), "label": "coat"}

    TwoCoats(data_dir=str(tmp_path / "tfds")).download_and_prepare()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    return "two_coats"


@pytest.fixture
def page(with_camera):
    opened = with_camera.new_page(viewport={"width": 1280, "height": 1400})
    opened.set_default_timeout(PATIENCE)
    failures = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    assert not failures


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def add(page, said: str) -> None:
    """Press the button of the form, and wait for the report."""
    settled(page)
    press(page, "Add these images")
    page.get_by_text(said).first.wait_for()
    settled(page)


def put(page, files: list[Path]) -> None:
    """Drop files, and wait until the app has them."""
    sent = lambda answer: "/_stcore/upload_file/" in answer.url and answer.request.method == "PUT"  # noqa: E731
    with page.expect_response(sent):
        page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(files)
    page.get_by_text(files[0].name).first.wait_for()


def test_images_come_from_everywhere_and_labels_go_to_another_tool(
    here, page, archive, on_the_server, addresses, prepared
):
    from projects.project import create_project
    from projects.versions import manifest_of

    project = create_project("Clothes")
    with running() as address:
        form = f"{address}/data?project=clothes&add=1&from="
        look(page, f"{form}Files+or+a+ZIP")
        refuse_a_file_of_two_gigabytes(page, archive.parent)
        look(page, f"{form}Files+or+a+ZIP")
        put(page, [archive])
        add(page, "9 images added")
        look(page, f"{form}On+the+server")
        page.get_by_role("textbox", name="Folder or annotation file on the server").fill("photos")
        page.keyboard.press("Tab")
        add(page, "4 images added")
        look(page, f"{form}Addresses+in+a+table")
        put(page, [addresses])
        add(page, "is the private address")  # which the app does not reach out to; others are fetched by the same job
        press(page, "Close")
        look(page, f"{form}TensorFlow+Datasets")
        page.get_by_role("textbox", name="Name of the data set").fill(prepared)
        page.keyboard.press("Tab")
        add(page, "2 images added")
        look(page, f"{form}Camera")
        photograph_a_hat(page)
        add(page, "1 image added")
        table = manifest_of(project).table
        assert table["label"].value_counts().to_dict() == {"sneaker": 8, "bag": 5, "coat": 2, "hat": 1}
        assert (table["problems"] == "").all()
        filter_by_origin(page, address)
        export(page, address)
    written = [file.read_text() for file in (project.folder / "exports").rglob("*.json")]
    assert any("coat" in text for text in written)


def test_a_double_click_takes_one_photo_back(here, page):
    from projects.photos import keep_photo, waiting_photos
    from projects.project import create_project

    project = create_project("Clothes")
    for label in ("first", "second", "third"):
        keep_photo(project, b"\xff\xd8\xff a photo", label)
    line, button = Line(page), page.get_by_role("button", name="Take the last one back")
    with running() as address:
        look(page, f"{address}/data?project=clothes&add=1&from=Camera")
        settled(page)
        with line.held():
            button.click()
            happens(page, lambda: len(waiting_photos(project)) == 2)
            button.click()  # on the page that still shows three
        page.get_by_text("2 photos taken").wait_for()
        settled(page)
    assert [photo.label for photo in waiting_photos(project)] == ["first", "second"]


def refuse_a_file_of_two_gigabytes(page, folder: Path) -> None:
    """A file without content on the disk; it does not leave the browser."""
    with (folder / "film.png").open("wb") as file:
        file.truncate(TOO_LARGE)
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(folder / "film.png")
    page.get_by_text(re.compile("File must be .* or smaller")).first.wait_for()
    page.get_by_text("name its folder under “On the server”").first.wait_for()
    (folder / "film.png").unlink()


def photograph_a_hat(page) -> None:
    """It is on the disk before it is added: a reload shows it again."""
    page.get_by_role("combobox", name="Class of the next photos").fill("hat")
    page.keyboard.press("Enter")
    settled(page)
    take_a_photo(page)
    page.get_by_text("1 photo taken").wait_for()
    page.reload()
    page.get_by_text("1 photo taken").wait_for()
    page.get_by_alt_text("Photo, hat").wait_for()


def filter_by_origin(page, address: str) -> None:
    look(page, f"{address}/data?project=clothes&origin=camera")
    page.get_by_text("1 image shown").wait_for()
    page.get_by_alt_text("hat, image 1 of 1").wait_for()


def export(page, address: str) -> None:
    look(page, f"{address}/data?project=clothes&part=Files")
    settled(page)
    press(page, "Write the files")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as ZIP").click()
    with zipfile.ZipFile(download.value.path()) as file:
        assert any(name.endswith(".json") for name in file.namelist())
