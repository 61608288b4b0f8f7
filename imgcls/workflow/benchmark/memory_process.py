"""The process whose memory is found; it imports no more than whoever serves a bundle."""

import json
import re
import resource
import sys
from pathlib import Path

CALLS = 5  # with one image each


def measure(version: str, form: str, image: str) -> None:
    """The process: load a bundle, name an image some times, and print the peak of the memory as a line of JSON.

    Args:
        version: The folder of the version; empty for no bundle.
        form: The name of the format whose engine computes.
        image: The file of an image.
    """
    from imgcls.data.images.encoded import read_encoded
    from imgcls.serving.bundle import load_bundle

    if version:
        bundle, data = load_bundle(version, form), read_encoded(image)
        for _ in range(CALLS):
            bundle.engine.predict(bundle.decode([data])[0])
    print(json.dumps({"peak": round(_peak_bytes() / 1e6, 1)}))


def _peak_bytes() -> int:
    """The largest resident memory of this process. The system's own figure may be that of the process before it."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return 1024 * int(found[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
