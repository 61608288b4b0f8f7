"""What libjpeg, libtiff and dav1d print of the file that they decode is kept off the terminal: it names no file.

They print it themselves, past Python and TensorFlow. Files that cannot be used are named among the problems.
"""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NOISE = (  # of libjpeg (jerror.h), dav1d, libpng, LiteRT, and libtiff, whose lines begin with the name of a function
    r"Corrupt JPEG data: |Premature end of JPEG file|Invalid (JPEG file structure|SOS parameters)|Bogus |"
    r"Inconsistent progression sequence|Warning: unknown JFIF|Quantization table 0x|Huffman table 0x|"
    r"INFO: Created TensorFlow Lite |Unsupported marker |Error parsing |Unknown OBU |Overrun in OBU |"
    r"libpng (warning|error): |(_?TIFF\w+|\w+(Decode|PreDecode|SetupDecode|Cleanup)|JPEGLib|tempfile\.tif)(, .*)?: "
)
SIEVE = """
import re, sys
noise = re.compile(sys.argv[1].encode())
for line in sys.stdin.buffer:
    if not noise.match(line):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
"""
PATIENCE = 3.0  # seconds until what was printed last has arrived


class _PastTheSieve(io.TextIOWrapper):
    """What sys.stderr is within."""


@contextmanager
def without_library_noise() -> Iterator[None]:
    """Within, lines on file descriptor 2 go through a sieve; Python's own sys.stderr goes past it. Once is enough.

    The sieve is a process of its own, so that what a library says before it ends this process is not lost.
    """
    if isinstance(sys.stderr, _PastTheSieve):
        yield
        return
    sys.stderr.flush()
    kept, before = os.dup(2), sys.stderr
    command = [sys.executable, "-I", "-S", "-c", SIEVE, NOISE]
    sieve = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=kept, start_new_session=True)  # not for Ctrl-C
    if sieve.stdin is not None:  # always: it is a pipe
        os.dup2(sieve.stdin.fileno(), 2)
        sieve.stdin.close()
    how: dict[str, Any] = {"encoding": before.encoding, "errors": "backslashreplace", "write_through": True}
    with open(kept, "wb", buffering=0) as raw, _PastTheSieve(raw, **how) as sys.stderr:
        try:
            yield
        finally:
            sys.stderr = before
            os.dup2(kept, 2)
            ending = threading.Thread(target=sieve.wait, daemon=True)
            ending.start()
            ending.join(PATIENCE)  # no longer: a process that was started meanwhile may hold the sieve open
