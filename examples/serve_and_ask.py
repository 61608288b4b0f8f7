"""Serve a bundle on a free port, ask it over HTTP for the classes of some images, and stop it again.

    python examples/serve_and_ask.py saved_models/demo datasets/fashion_mini/test/bag/00056.png

It shows the two sides of serving in one place: `python -m imgcls.serve` is a process of its own, and `imgcls.Client`
speaks to it as it speaks to TensorFlow Serving.
"""

import argparse
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imgcls import Client


@contextmanager
def served(bundle: Path) -> Iterator[str]:
    """The address of a server that answers for `bundle`; it is stopped at the end."""
    command = [sys.executable, "-m", "imgcls.serve", str(bundle), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        first_line = server.stdout.readline()  # is written when the model is loaded
        address = re.search(r"http://[\d.]+:\d+", first_line)
        if address is None:
            sys.exit(server.wait())  # the server has said on stderr why
        yield address[0]
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, help="saved_models/<name>")
    parser.add_argument("images", type=Path, nargs="+", help="image files")
    options = parser.parse_args()
    with served(options.bundle) as address, Client(address, options.bundle.name) as client:
        failed = False
        print(f"POST {address}/v1/models/{options.bundle.name}:predict")
        for image, prediction in zip(options.images, client.predict(options.images), strict=True):
            answer = prediction.problem or f"{prediction.classes[0]} ({100 * prediction.probabilities[0]:.1f} %)"
            print(f"  {image}: {answer}")
            failed |= bool(prediction.problem)
    sys.exit(failed)
