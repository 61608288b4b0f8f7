"""What becomes of a version on a server, by TensorFlow Serving's names."""

from dataclasses import dataclass

START = "START"  # seen, and not whole yet
LOADING = "LOADING"  # with an error: it failed, and is tried again soon
AVAILABLE = "AVAILABLE"
UNLOADING = "UNLOADING"  # no longer found; its last requests are answered
END = "END"  # unloaded, or never loaded: the error says why


@dataclass(frozen=True)
class VersionState:
    """What became of a version.

    Attributes:
        state: START, LOADING, AVAILABLE, UNLOADING or END.
        error: Why it could not be loaded, or "".
    """

    state: str
    error: str = ""
