import os
import subprocess
import sys

from imgcls.cli.library_noise import without_library_noise
from tests.conftest import ROOT

NOISE = b"Corrupt JPEG data: 9 extraneous bytes before marker 0xd9\nTIFFFillStrip: Read error on strip 0.\n"


def test_only_what_image_libraries_print_is_kept_away(capfd):
    with without_library_noise():
        os.write(2, NOISE + b"another library's warning\n")
        print("Python's own line", file=sys.stderr)
        with without_library_noise():
            os.write(2, NOISE)
    assert sorted(capfd.readouterr().err.splitlines()) == ["Python's own line", "another library's warning"]
    os.write(2, NOISE)
    assert capfd.readouterr().err == NOISE.decode()


def test_what_is_said_before_the_process_dies_is_not_lost():
    program = (
        "import os\nfrom imgcls.cli.library_noise import without_library_noise\n"
        "with without_library_noise():\n    os.write(2, b'out of memory\\n')\n    os.abort()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)},
                           capture_output=True, text=True)  # fmt: skip
    assert ended.returncode < 0
    assert ended.stderr == "out of memory\n"
