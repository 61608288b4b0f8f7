"""Small images: made once, upright, and given only to pages of the app."""

import errno
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest
from images.addresses import LENGTH, SECRET, _secret, file_address, picture_address
from images.routes import ROUTES
from images.small_files import small_file
from PIL import Image
from projects.project import create_project, delete_project
from projects.versions import add_version, whole_manifest_of
from starlette.applications import Starlette
from starlette.testclient import TestClient


def pixels_of(file: Path) -> Image.Image:
    with Image.open(file) as image:
        return image.convert("RGB")


@pytest.fixture
def browser_of(here):
    return TestClient(Starlette(routes=ROUTES))


def test_a_picture_is_made_once_and_no_larger_than_asked_for(here):
    Image.new("RGB", (900, 600), "red").save("photo.jpg")
    made = small_file(Path("photo.jpg"), here / "small", side=150)
    assert pixels_of(made).size == (192, 128)
    written = made.stat().st_mtime_ns
    assert small_file(Path("photo.jpg"), here / "small", side=150) == made
    assert made.stat().st_mtime_ns == written


def test_it_is_upright_and_a_box_is_cut_out(here):
    photo = Image.new("RGB", (80, 40), "red")
    photo.paste("blue", (0, 0, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    photo.save("photo.jpg", exif=exif, quality=95)
    assert pixels_of(small_file(Path("photo.jpg"), here / "small")).size == (40, 80)
    part = pixels_of(small_file(Path("photo.jpg"), here / "small", box=(0, 40, 40, 80)))
    assert part.size == (40, 40)
    red, _, blue = part.getpixel((20, 20))
    assert red > 200 > 60 > blue


def test_a_changed_file_gets_another_picture_and_what_is_none_gets_none(here):
    Image.new("L", (10, 10), 0).save("a.png")
    first = small_file(Path("a.png"), here / "small")
    Image.new("L", (12, 10), 255).save("a.png")
    assert small_file(Path("a.png"), here / "small") != first
    (here / "b.png").write_bytes(b"no image")
    assert small_file(here / "b.png", here / "small") is None
    assert small_file(here / "c.png", here / "small") is None


def test_the_browser_gets_what_a_page_shows(project, browser_of):
    answer = browser_of.get(picture_address(project, 1, 3))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    image = next((project.folder.parents[1] / "clothes" / "bag").glob("*.png"))
    assert browser_of.get(file_address(image)).status_code == 200


def test_a_file_that_cannot_be_read_has_a_placeholder_and_one_that_is_gone_has_none(project, browser_of):
    manifest = whole_manifest_of(project)
    manifest.paths(manifest.table.loc[[3]])[0].write_bytes(b"no image")
    assert browser_of.get(picture_address(project, 1, 3)).status_code == 404  # its page says that it is gone
    manifest.table.loc[3, "problems"] = "no image that can be read"
    add_version(project, manifest, "30 images added", 1)
    answer = browser_of.get(picture_address(project, 2, 3))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert browser_of.get(picture_address(project, 2, 4)).headers["content-type"] == "image/webp"


def test_and_nothing_else(project, browser_of):
    good = picture_address(project, 1, 3)
    assert browser_of.get(good.replace("/1/3", "/1/4")).status_code == 200  # the key is that of the version's images
    assert browser_of.get(good.replace("/1/3", "/2/3")).status_code == 403
    assert browser_of.get(good.replace("side=192", "side=1024")).status_code == 403
    assert browser_of.get(good.split("?")[0]).status_code == 403
    assert browser_of.get(good.replace("/1/3", "/1/999")).status_code == 404
    secret = file_address(Path("/etc/hostname"))
    assert browser_of.get(secret).status_code == 404  # no image
    assert browser_of.get(secret[:-1] + ("0" if secret[-1] != "0" else "1")).status_code == 403
    shutil.rmtree(project.folder)
    assert browser_of.get(good).status_code == 404


def test_another_project_of_the_same_name_has_other_addresses(project, browser_of):
    before, manifest = picture_address(project, 1, 3), whole_manifest_of(project)
    delete_project(project)
    again = create_project("Clothes")
    add_version(again, manifest, "30 images added", 0)
    assert again.name == project.name
    assert picture_address(again, 1, 3) != before
    assert browser_of.get(before).status_code == 403
    assert browser_of.get(picture_address(again, 1, 3)).status_code == 200


def test_a_secret_that_could_not_be_written_is_made_again(here, monkeypatch):
    def full(self, content):
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space"):
            file_address(Path("a.png"))
    file_address(Path("a.png"))
    assert len(SECRET.read_bytes()) == LENGTH
    assert SECRET.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_secret_that_is_none_signs_nothing(here, content):
    SECRET.parent.mkdir()
    SECRET.write_bytes(content)
    file_address(Path("a.png"))
    assert len(SECRET.read_bytes()) == LENGTH


def test_two_who_start_at_once_agree_on_one_secret(here, monkeypatch):
    both, drawn = Barrier(2), secrets.token_bytes
    monkeypatch.setattr(secrets, "token_bytes", lambda length: (both_meet(both), drawn(length))[1])
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: _secret.__wrapped__(SECRET.absolute()), range(2))
    assert first == second == SECRET.read_bytes()


def both_meet(both: Barrier) -> None:
    """Wait until the other one is here too, if it can be."""
    with suppress(BrokenBarrierError):
        both.wait(0.5)
