"""Tar and zip archives: ordinary ones, WebDataset shards, and those that mean harm."""

import gzip
import io
import tarfile
import tracemalloc
import zipfile

import pytest

from imgcls.workflow.many_images import archives
from imgcls.workflow.many_images.archives import images_in, is_archive
from tests.workflow.many_images.brightness import gray


def found(path, wanted=lambda name: True):
    return [(image.name.removeprefix(f"{path}/"), image.image, image.problem) for image in images_in(path, wanted)]


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_webdataset_shard_gives_its_images_in_order(tmp_path, mode, format):
    path = tmp_path / f"shard.tar{mode[1:].replace(':', '.')}"
    with tarfile.open(path, mode, format=format) as archive:
        for number in (2, 0, 1):
            add(archive, f"{number}.png", gray(number))
            add(archive, f"{number}.cls", b"7")
            add(archive, f"{number}.json", b'{"a": 1}')
        add(archive, "without_suffix", gray(9))
        add(archive, "ä" * 45 + "/" + "b" * 60 + ".png", gray(5))
        add(archive, "folder/.hidden.png", gray(1))
    assert is_archive(path)
    assert found(path) == [
        ("2.png", gray(2), ""),
        ("0.png", gray(0), ""),
        ("1.png", gray(1), ""),
        ("without_suffix", gray(9), ""),
        ("ä" * 45 + "/" + "b" * 60 + ".png", gray(5), ""),
    ]
    assert [name for name, *_ in found(path, lambda name: name.endswith("1.png"))] == ["1.png"]


def test_a_zip_gives_its_images_in_order(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.png", gray(1))
        archive.writestr("notes.txt", "no image")
        archive.writestr("empty", b"")
        archive.writestr("a.png", b"")
        archive.writestr("folder/c", gray(2))
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert found(tmp_path / "a.zip") == [("b.png", gray(1), ""), ("a.png", b"", ""), ("folder/c", gray(2), "")]


def test_names_that_lead_elsewhere_are_only_names(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        add(archive, "../../escaped.png", gray(1))
        add(archive, "/etc/escaped.png", gray(2))
        for kind, name in ((tarfile.SYMTYPE, "s.png"), (tarfile.LNKTYPE, "h.png"), (tarfile.CHRTYPE, "c.png")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    before = set(tmp_path.parent.rglob("*"))
    assert [image for _, image, _ in found(tmp_path / "a.tar")] == [gray(1), gray(2)]
    assert set(tmp_path.parent.rglob("*")) == before


def test_what_unpacks_to_far_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 1_000_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(50_000_000))
        archive.writestr("fine.png", gray(1))
    data = bytearray((tmp_path / "bomb.zip").read_bytes())
    data[22:26] = data[data.rindex(b"PK\x01\x02", 0, data.rindex(b"PK\x01\x02")) + 24 :][:4] = b"\x10\0\0\0"  # says 16
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz") as archive:
        add(archive, "bomb.png", bytes(50_000_000))
        add(archive, "fine.png", gray(1))
    tracemalloc.start()
    try:
        for name in ("bomb.zip", "bomb.tar.gz"):
            (bomb, content, problem), fine = found(tmp_path / name)
            assert (bomb, content, problem) == ("bomb.png", None, archives.TOO_LARGE)
            assert fine == ("fine.png", gray(1), "")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_header_that_fills_the_memory_is_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        add(archive, "first.png", gray(1))
        info = tarfile.TarInfo("second.png")
        info.pax_headers = {"comment": "x" * 60_000_000}
        archive.addfile(info)
    tracemalloc.start()
    try:
        first, broken = found(tmp_path / "a.tar.gz")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert first == ("first.png", gray(1), "")
    assert "the archive is damaged or cut off after 1 images" in broken[2]


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip"])
def test_what_is_cut_off_gives_what_is_there_and_a_problem(tmp_path, name):
    path = tmp_path / name
    if name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("0.png", gray(0))
        path.write_bytes(path.read_bytes()[:-30])
    else:
        with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as archive:
            for number in range(3):
                add(archive, f"{number}.png", gray(number))
        data = path.read_bytes()
        path.write_bytes(data[: 512 * 3 + 20 if name == "a.tar" else len(data) - 60])
    *_, (last, content, problem) = found(path)
    assert (last, content) == (str(path), None)
    assert "the archive is damaged or cut off" in problem or "cannot be read" in problem
    path.write_bytes(b"")
    assert [content for _, content, _ in found(path)] == [None]
    path.unlink()
    assert found(path) == [(str(path), None, "no such file or directory")]


def tar_of(path, count, mode="w"):
    """A tar of images that take 1,024 bytes each with their headers."""
    with tarfile.open(path, mode) as archive:
        for number in range(count):
            add(archive, f"{number}.png", gray(number))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("cut", "why"),
    [
        (lambda data: data[: 1024 * 2], "its end is missing"),  # between two members
        (lambda data: data[: 1024 * 2 + 200], "its end is missing"),  # in a header
        (lambda data: data[: 1024 * 2] + b"\xff" * 512 + data[1024 * 2 + 512 :], "what follows is no header"),
        (lambda data: data[: 1024 * 2] + bytes(512) + data[1024 * 2 + 512 :], "more follows behind its end"),
        (lambda data: data[: 1024 * 2] + bytes(10240) + data, "more follows behind its end"),  # two tars in one file
    ],
)
@pytest.mark.parametrize("open_file", [open, gzip.open])
def test_a_tar_that_ends_where_no_end_is_has_a_problem(tmp_path, cut, why, open_file):
    data = tar_of(tmp_path / "whole.tar", 4)
    path = tmp_path / "a.tar"
    with open_file(path, "wb") as file:
        file.write(cut(data))
    first, second, broken = found(path)
    assert (first, second) == (("0.png", gray(0), ""), ("1.png", gray(1), ""))
    assert broken[:2] == (str(path), None)
    assert broken[2].startswith(f"the archive is damaged or cut off after 2 images ({why}")


def test_a_tar_with_one_block_of_zeros_at_its_end_is_whole(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(tar_of(path, 2)[: 1024 * 2 + 512])
    assert [problem for *_, problem in found(path)] == ["", ""]
    tar_of(path, 0)
    assert found(path) == []


def test_a_member_that_cannot_be_read_fails_alone(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("locked.png", gray(1))
        archive.writestr("changed.png", gray(2))
        archive.writestr("fine.png", gray(3))
    data = bytearray(path.read_bytes())
    data[data.index(gray(2)) + 20] ^= 1
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1  # encrypted
    data[6] |= 1
    path.write_bytes(data)
    locked, changed, fine = found(path)
    assert "password" in locked[2]
    assert "CRC" in changed[2]
    assert fine == ("fine.png", gray(3), "")


def test_members_of_a_tar_are_not_kept(tmp_path, monkeypatch):
    kept = []
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for number in range(200):
            add(archive, f"{number}.png", gray(number))
    opened = tarfile.open

    def watched(*args, **options):
        archive = opened(*args, **options)
        kept.append(archive)
        return archive

    monkeypatch.setattr(archives.tarfile, "open", watched)
    for _ in images_in(tmp_path / "a.tar", lambda name: True):
        assert len(kept[0].members) <= 1
