"""What a user names, as images: every kind, without a list of them."""

import http.server
import io
import os
import shutil
import tarfile
import threading
import zipfile

import pandas as pd
import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.labels.fetching import Limits
from imgcls.workflow.many_images.inputs import check_inputs, count_images, images_of
from tests.conftest import SAMPLE
from tests.workflow.many_images.brightness import gray, write_grays


def everything(name):
    return True


def names(*inputs):
    return [image.name for image in images_of([str(each) for each in inputs], everything)]


@pytest.fixture
def folder(tmp_path):
    write_grays(tmp_path / "photos", 6)
    (tmp_path / "photos" / ".hidden.png").touch()
    return tmp_path / "photos"


def test_files_folders_and_globs(folder):
    expected = [str(folder / f"{number % 2}" / f"{number:05}.png") for number in (0, 2, 4, 1, 3, 5)]
    assert names(folder) == expected
    assert names(folder / "*" / "*.png") == expected
    assert names(f"{folder}/**/*.png") == expected
    assert names(expected[3], expected[0]) == [expected[3], expected[0]]
    assert names("nowhere.png", "no*where.png") == ["nowhere.png", "no*where.png"]
    assert count_images([str(folder), f"{folder}/0/*", "nowhere.png"]) == 10


def test_archives_in_a_folder_are_read_as_those_of_a_glob(folder):
    with zipfile.ZipFile(folder / "0" / "a.zip", "w") as archive:
        archive.writestr("x.png", gray(1))
    with tarfile.open(folder / "b.tar.gz", "w:gz") as archive:
        archive.add(folder / "1" / "00001.png", "y.png")
        archive.add(folder / "0" / "a.zip", "y.cls")
    (folder / "c.tar").write_bytes(b"no archive")
    files = [str(folder / each) for each in ("0/00000.png", "0/00002.png", "0/00004.png")]
    expected = [*files, f"{folder}/0/a.zip/x.png", f"{folder}/b.tar.gz/y.png", f"{folder}/c.tar"]
    found = {image.name: image for image in images_of([str(folder)], everything)}
    assert [name for name in found if "/1/" not in name] == expected
    assert found[f"{folder}/0/a.zip/x.png"].image == gray(1)
    assert found[f"{folder}/c.tar"].problem.startswith("is neither a zip nor a tar file")
    assert sorted(found) == sorted(names(f"{folder}/**"))
    assert count_images([str(folder)]) is None
    assert [image.name for image in images_of([str(folder)], lambda name: name.endswith("y.png"))] == [
        f"{folder}/b.tar.gz/y.png"
    ]


def test_names_with_magic_in_them_are_files_first(tmp_path):
    (tmp_path / "a[1].png").write_bytes(gray(9))
    assert names(tmp_path / "a[1].png") == [str(tmp_path / "a[1].png")]


def test_a_card_names_its_images(monkeypatch):
    monkeypatch.chdir(SAMPLE.parents[1])
    assert len(names("fashion_mini")) == sum(1 for path in SAMPLE.rglob("*.png"))


def test_a_manifest_names_its_usable_images(folder, tmp_path):
    rows = pd.DataFrame({"image": ["0/00000.png", "0/00002.png", "1/00001.png"], "label": ["a", "a", "b"]})
    rows["problems"] = ["", "it is damaged", ""]
    manifest = tmp_path / "manifest.parquet"
    Manifest.from_records(rows, folder).save(manifest)
    assert names(manifest) == [str(folder / "0/00000.png"), str(folder / "1/00001.png")]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "TSV", "parquet", "txt"])
def test_a_table_names_images_from_its_own_folder_or_from_here(folder, tmp_path, suffix, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = folder / f"table.{suffix}"
    rows = pd.DataFrame({"id": [1, 2, 3, 4], "File name": ["0/00000.png", "photos/1/00001.png", "gone.png", ""]})
    if suffix == "txt":
        table.write_text("\n".join(rows["File name"]))
    elif suffix == "parquet":
        rows.to_parquet(table)
    else:
        rows.to_csv(table, sep="\t" if suffix.lower() == "tsv" else ",", index=False, encoding="utf-8-sig")
    assert names(table) == [str(folder / "0/00000.png"), "photos/1/00001.png", "gone.png"]
    assert 3 <= count_images([str(table)]) <= 4


def test_our_own_table_of_predictions_is_a_table_of_images(folder, tmp_path):
    pd.DataFrame({"image": [str(folder / "0/00000.png")], "class": ["dark"]}).to_csv(tmp_path / "p.csv", index=False)
    assert names(tmp_path / "p.csv") == [str(folder / "0/00000.png")]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "txt"])
@pytest.mark.parametrize("is_beside", [False, True])
def test_a_table_of_rows_with_problems_names_what_can_be_tried_again(tmp_path, monkeypatch, suffix, is_beside):
    """Images in archives, archives, and names that are no UTF-8 are found by what the first table calls them."""
    monkeypatch.chdir(tmp_path)
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in (b"bad\xff.tar", b"a.tar"):
        with tarfile.open(os.fsencode(photos) + b"/" + name, "w") as archive:
            for member in ("./x.png", "./b\udcfe.png", "./y.png"):
                info = tarfile.TarInfo(member)
                info.size = len(gray(7))
                archive.addfile(info, io.BytesIO(gray(7)))
    with zipfile.ZipFile(photos / "b.zip", "w") as archive:
        archive.writestr("z.png", gray(8))
    (photos / "broken.zip").write_bytes(b"PK")
    with open(os.fsencode(photos) + b"/bad\xff.png", "wb") as file:
        file.write(gray(9))
    first = {image.name: image for image in images_of(["photos"], everything)}
    assert len(first) == 9
    asked = [name for name in first if not name.endswith("y.png")]
    table = (photos if is_beside else tmp_path / "tables") / f"again.{suffix}"
    table.parent.mkdir(exist_ok=True)
    named = [name.removeprefix("photos/") if is_beside else name for name in [*asked, "photos/a.tar/gone.png"]]
    if suffix == "txt":
        table.write_text("\n".join(named))
    else:
        getattr(pd.DataFrame({"image": named}), f"to_{suffix}")(table, index=False)
    found = list(images_of([str(table)], everything))
    begins = f"{tmp_path}/" if is_beside else ""
    again = {image.name.removeprefix(begins): image for image in found}
    assert len(again) == len(found) == 8
    for name in asked:
        assert again[name].image == first[name].image or str(again[name].image).endswith("/bad\udcff.png")
        assert again[name].problem == first[name].problem
    (gone,) = again.keys() - first.keys()
    assert (gone, again[gone].problem) == ("photos/a.tar/gone.png", "its archive holds no image of this name")


def test_an_image_in_an_archive_can_be_named_alone(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.png", gray(1))
        archive.writestr("y.png", gray(2))
    (tmp_path / "half.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:-30])
    (found,) = images_of([f"{tmp_path}/a.zip/y.png"], everything)
    assert (found.name, found.image) == (f"{tmp_path}/a.zip/y.png", gray(2))
    (broken,) = images_of([f"{tmp_path}/half.zip/y.png"], everything)
    assert broken.name == f"{tmp_path}/half.zip/y.png"
    assert "is damaged or cut off" in broken.problem


def test_tables_that_name_nothing_are_refused_before_anything_is_loaded(tmp_path):
    (tmp_path / "labels.csv").write_text("label,width\ncat,3\n")
    with pytest.raises(ValueError, match=r"labels\.csv has no column of images; it has .*Expected one"):
        check_inputs([str(tmp_path / "labels.csv")])
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(ValueError, match=r"empty\.txt names no image"):
        check_inputs([str(tmp_path / "empty.txt")])
    (tmp_path / "broken.parquet").write_text("no table")
    with pytest.raises(ValueError, match=r"broken\.parquet is no Parquet file"):
        check_inputs([str(tmp_path / "broken.parquet")])
    (tmp_path / "void").mkdir()
    with pytest.raises(ValueError, match="holds no files"):
        check_inputs([str(tmp_path / "void")])


def test_what_is_not_wanted_is_not_read(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.png", gray(number))
    asked = []

    def odd(name):
        asked.append(name)
        return name.endswith(("1.png", "3.png"))

    found = list(images_of([str(tmp_path / "a.zip"), str(folder)], odd))
    assert len(asked) == 10
    assert [image.name[-5:] for image in found] == ["1.png", "3.png", "1.png", "3.png"]


class Photos(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, data = (200, gray(30)) if "photo" in self.path else (404, b"gone")
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def test_addresses_are_fetched_and_each_failure_is_an_image_with_a_problem(folder, tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Photos)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        site = f"http://127.0.0.1:{server.server_port}"
        addresses = [f"{site}/photo{number}" for number in range(40)]
        mixed = [*addresses, f"{site}/other", str(folder / "0/00000.png"), "ftp://a/b.png", "http://", addresses[0]]
        (tmp_path / "list.csv").write_text("url\n" + "\n".join(mixed))
        limits = Limits(seconds=5.0, private=True)
        found = list(images_of([str(tmp_path / "list.csv")], everything, limits))
        assert [image.name for image in found] == mixed
        assert all(image.image == gray(30) for image in found[:40])
        assert (found[40].image, found[40].problem) == (None, "the server answers 404")
        assert found[43].problem
        (refused,) = images_of([addresses[0]], everything)
        assert "private" in refused.problem or "network" in refused.problem
    finally:
        server.shutdown()
        server.server_close()


def test_no_more_is_read_of_a_folder_than_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("imgcls.workflow.many_images.folders.SORTED_AT_ONCE", 10)
    write_grays(tmp_path / "photos", 60)
    images = images_of([str(tmp_path / "photos")], everything)
    first = [next(images).name for _ in range(10)]
    assert first == sorted(first)
    shutil.rmtree(tmp_path / "photos" / "1")
    assert len(list(images)) == 20  # those of the other folder, which was not read before
