"""Pages that a server holds and does not need."""

import ctypes
import mmap
import re
from pathlib import Path

import pytest

from imgcls.serving.server.memory import give_back_freed, give_back_memory

SIZE = 64 * 2**20
BLOCK = 64 * 2**10  # which glibc takes from its heap, where larger ones get a mapping of their own
pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux says what a process maps")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "library"
    path.write_bytes(b"code" * (SIZE // 4))
    with path.open("r+b") as opened:
        yield opened


def of_files() -> int:
    """Bytes of files that are in this process's memory."""
    return of_kinds("File|Shmem")  # of a disk, of tmpfs


def of_nothing() -> int:
    """Bytes of no file that are in this process's memory."""
    return of_kinds("Anon")


def of_kinds(kinds: str) -> int:
    lines = re.findall(rf"Rss(?:{kinds}):\s+(\d+) kB", Path("/proc/self/status").read_text())
    return sum(map(int, lines)) * 1024


def test_unchanged_pages_of_a_file_are_given_back_and_read_again(file):
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped[:] == b"code" * (SIZE // 4)
        before = of_files()
        give_back_memory()
        assert of_files() < before - 0.9 * SIZE
        assert mapped[:] == b"code" * (SIZE // 4)


def test_a_changed_page_stays_as_it_is(file):
    """As the tables of a library that the loader fills in and then protects."""
    libc = ctypes.CDLL("libc.so.6", use_errno=True)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        mapped[mmap.PAGESIZE : mmap.PAGESIZE + 4] = b"mine"
        address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
        assert libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(SIZE), mmap.PROT_READ) == 0
        give_back_memory()
        assert mapped[mmap.PAGESIZE : mmap.PAGESIZE + 4] == b"mine"
        assert libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(SIZE), mmap.PROT_READ | mmap.PROT_WRITE) == 0


def test_freed_pages_between_two_in_use_are_given_back():
    libc = ctypes.CDLL("libc.so.6")
    libc.malloc.restype = ctypes.c_void_p
    blocks = [ctypes.c_void_p(libc.malloc(BLOCK)) for _ in range(SIZE // BLOCK)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK)
    for block in blocks[::2]:
        libc.free(block)
    before = of_nothing()
    give_back_freed()
    given = before - of_nothing()
    assert all(ctypes.string_at(block, BLOCK) == b"\1" * BLOCK for block in blocks[1::2])
    for block in blocks[1::2]:
        libc.free(block)
    assert given > 0.8 * SIZE / 2
