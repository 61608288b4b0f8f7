"""How much memory a server holds beside its models: what glibc's allocator keeps, and libraries' pages of the start."""

import ctypes
import gc
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MADV_DONTNEED = 4  # of madvise, in Linux' mman.h
M_ARENA_MAX = -8  # of mallopt, in glibc's malloc.h
MAPPED_FILE = re.compile(r"^(\w+)-(\w+) (\S{4}) \S+ \S+ \S+ +/(?:.*\n)+?Anonymous: +(\d+) kB", re.MULTILINE)
ARENAS = 2  # as many threads allocate at the same time, at no cost that could be measured


def keep_few_arenas() -> None:
    """Keep memory that was freed in two places instead of one for each of 16 threads.

    Call it before there are threads.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(M_ARENA_MAX, ARENAS)


def give_back_memory() -> None:
    """Collect what nobody holds, and give back pages that were freed and pages of libraries that were needed once.

    After the load of EfficientNet-Lite0 the first are some 80 MB, which glibc keeps else, and the second some
    300 MB: TensorFlow's library registers thousands of kernels at its start. Elsewhere than on Linux with glibc,
    collecting is all that happens.
    """
    gc.collect()
    give_back_freed()
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        for start, size in _unchanged_pages_of_files():
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), MADV_DONTNEED)


def give_back_freed() -> None:
    """Give back the pages that were freed, and nothing else: glibc keeps those between two that are in use."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _unchanged_pages_of_files() -> Iterator[tuple[int, int]]:
    """Where this process maps files of which it has changed no page: each is read again when it is needed."""
    for start, end, permissions, anonymous in MAPPED_FILE.findall(Path("/proc/self/smaps").read_text()):
        if "w" not in permissions and anonymous == "0":
            yield int(start, 16), int(end, 16) - int(start, 16)
