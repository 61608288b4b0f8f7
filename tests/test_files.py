import errno
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imgcls.files import check_writable, replacing, write_json

ROUNDS = 60


def test_a_file_is_replaced_only_when_it_is_whole(tmp_path):
    target = tmp_path / "a.json"
    write_json(target, {"name": "old"})

    def fail_halfway():
        with replacing(target) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert "old" in target.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_is_replaced_with_all_that_is_in_it(tmp_path):
    target = tmp_path / "folder"
    for number in (1, 2):
        with replacing(target, durable=True) as partial:
            partial.mkdir()
            (partial / str(number)).touch()
    assert [path.name for path in target.iterdir()] == ["2"]


def write_again_and_again(target: Path, letter: str, folder: bool) -> None:
    """Files of 400,000 equal letters, written in pieces, so that two writers of one file would mix them."""
    for _ in range(ROUNDS):
        with replacing(target) as partial:
            if folder:
                partial.mkdir()
            with (partial / "file" if folder else partial).open("w") as file:
                for _ in range(4):
                    file.write(letter * 100_000)
                    file.flush()


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.thorough
def test_two_processes_that_write_one_path_never_mix(tmp_path, folder):
    target = tmp_path / "target"
    processes = multiprocessing.get_context("spawn")
    writers = [processes.Process(target=write_again_and_again, args=(target, letter, folder)) for letter in "ab"]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        try:
            data = (target / "file" if folder else target).read_text()
        except FileNotFoundError:
            if not folder:
                assert not seen, "a file that was there once is always there"
            continue
        assert data in ("a" * 400_000, "b" * 400_000)
        seen.add(data[0])
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    code = (
        "import sys, time; from imgcls.files import replacing\n"
        "with replacing(sys.argv[1]) as partial: partial.write_text('half'); print(flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[1]
    start = [sys.executable, "-c", code, str(tmp_path / "table.csv")]
    killed, living = (subprocess.Popen(start, cwd=root, stdout=subprocess.PIPE) for _ in range(2))
    try:
        for process in (killed, living):
            process.stdout.readline()
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        write_json(tmp_path / "other.json", {})
        left = [path.name for path in tmp_path.glob(".partial-*")]
        assert len(left) == 1
        assert f"-{living.pid}-" in left[0]
        assert left[0].endswith(".csv")
    finally:
        for process in (killed, living):
            process.kill()
            process.communicate()


def test_what_a_writer_left_that_nobody_cleared_away_is_removed(tmp_path):
    """A process that has ended and whose parent does not ask for it, as in a container without an init."""
    code = (
        "import os, sys; from imgcls.files import replacing\n"
        "with replacing(sys.argv[1]) as partial: partial.write_text('half'); print(flush=True); os._exit(0)"
    )
    start = [sys.executable, "-c", code, str(tmp_path / "table.csv")]
    with subprocess.Popen(start, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE) as process:
        assert process.stdout.read() == b"\n"
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert len(list(tmp_path.glob(".partial-*"))) == 1
        write_json(tmp_path / "other.json", {})
        assert [path.name for path in tmp_path.iterdir()] == ["other.json"]


def test_a_file_never_takes_the_place_of_a_folder(tmp_path):
    (tmp_path / "photos.csv").mkdir()
    (tmp_path / "photos.csv" / "1.jpg").touch()

    def write():
        with replacing(tmp_path / "photos.csv") as partial:
            partial.touch()

    with pytest.raises(IsADirectoryError) as refused:
        write()
    assert refused.value.filename == str(tmp_path / "photos.csv")
    assert [path.name for path in tmp_path.rglob("*")] == ["photos.csv", "1.jpg"]


@pytest.mark.parametrize(
    ("named", "folder", "code", "blamed"),
    [
        ("x" * 256, False, errno.ENAMETOOLONG, "x" * 256),
        ("new/" + "x" * 256 + "/a.csv", False, errno.ENAMETOOLONG, "new/" + "x" * 256 + "/a.csv"),
        ("file/a.csv", False, errno.ENOTDIR, "file"),
        ("file", True, errno.ENOTDIR, "file"),
        ("folder", False, errno.EISDIR, "folder"),
        ("locked/a.csv", False, errno.EACCES, "locked/a.csv"),
    ],
)
def test_what_cannot_be_written_is_known_before(tmp_path, named, folder, code, blamed):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "locked").mkdir(0o500)
    with pytest.raises(OSError) as refused, without_privileges(tmp_path):  # noqa: PT011  (its number is looked at)
        check_writable(tmp_path / named, folder)
    assert refused.value.errno == code
    assert refused.value.filename == str(tmp_path / blamed)


def test_what_can_be_written_is_left_as_it_is(tmp_path):
    for named, folder in (("a/b/c.csv", False), ("a/b", True), (".", True)):
        check_writable(tmp_path / named, folder)
    assert list(tmp_path.iterdir()) == []


@contextmanager
def without_privileges(folder: Path) -> Iterator[None]:
    """Within, root is nobody, to whom permissions mean something."""
    if os.geteuid() != 0:
        yield
        return
    closed = [place for place in (folder, *folder.parents) if place.stat().st_mode & 0o777 == 0o700]
    for place in closed:
        place.chmod(0o755)
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)
        for place in closed:
            place.chmod(0o700)
