"""How much memory a server holds beside its models: what the allocator of glibc keeps for itself."""

import ctypes
import gc
from contextlib import suppress

M_ARENA_MAX = -8  # of mallopt, in glibc's malloc.h
ARENAS = 2  # as many threads allocate at the same time, at no cost that could be measured


def keep_few_arenas() -> None:
    """Keep memory that was freed in two places instead of one for each of 16 threads.

    Call it before there are threads.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(M_ARENA_MAX, ARENAS)


def give_back_memory() -> None:
    """Collect what nobody holds, and give the freed pages back; the allocator of glibc keeps them else.

    After the load of EfficientNet-Lite0 that is some 80 MB. Without glibc only the first half happens.
    """
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
