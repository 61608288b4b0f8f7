"""The versions of one model that a server has in memory, and how a new one takes the place of the old.

The rule is TensorFlow Serving's own default: the version with the highest number is served, the folder is looked at
again and again, and a new version is ready before the old one goes.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.server.request_error import NOT_FOUND, RequestError
from imgcls.serving.versions import is_version, versions
from imgcls.serving.warmup import read_warmup

log = logging.getLogger(__name__)
AVAILABLE, END = "AVAILABLE", "END"


@dataclass(frozen=True)
class VersionState:
    """What became of a version.

    Attributes:
        state: AVAILABLE, or END if it was unloaded or never loaded.
        error: Why it could not be loaded, or "".
    """

    state: str
    error: str = ""


def load_version(folder: Path) -> LoadedModel:
    """Load a version and replay its warm-up requests.

    Raises:
        ValueError: If either fails.
    """
    model = LoadedModel(folder)
    for signature, inputs in read_warmup(folder):
        try:
            model.run(signature, inputs)
        except (tf.errors.OpError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"A warm-up request of {folder} for {signature!r} fails: {error}") from error
    return model


class ServedModel:
    """One model by name, with the version that is served.

    Args:
        folder: The folder of a version, which alone is served, or the folder above it, whose newest version is.

    Attributes:
        name: The name in the addresses.
        follows: Whether newer versions are served.
        states: The state of every version that was ever seen, by number.

    Raises:
        ValueError: If the first version cannot be loaded.
    """

    def __init__(self, folder: Path) -> None:
        self.follows = not is_version(folder)
        self.name = folder.name if self.follows else folder.parent.name
        self.states: dict[int, VersionState] = {}
        self._folder = folder
        self._failed: tuple[Path, int] | None = None
        self._served: tuple[int, LoadedModel] | None = None
        newest = self._newest()
        if newest is None:
            raise ValueError(f"{folder} holds no version. Write one with `python -m imgcls.export RUN`.")
        number, path = newest
        self._put(number, load_version(path))

    @property
    def version(self) -> int | None:
        """The number of the version that is served; None if all were taken away."""
        return self._served[0] if self._served else None

    def find(self, name: str, version: int | None = None) -> tuple[int, LoadedModel]:
        """Find the version that is served.

        Args:
            name: The name of the model that is asked for.
            version: Its number; None for the newest.

        Returns:
            The number and the SavedModel.

        Raises:
            RequestError: If something else is served.
        """
        served = self._served
        if served and name == self.name and version in (None, served[0]):
            return served
        asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
        raise RequestError(f"Servable not found for request: {asked}", NOT_FOUND)

    def refresh(self) -> None:
        """Serve the newest version in the folder, if it is another one than now.

        One that cannot be loaded, for whatever reason, is left alone until its files change, and the old one stays.
        """
        if not self.follows or not self._folder.is_dir():
            return
        newest = self._newest()
        if newest is None:
            self._take_away()
            return
        number, path = newest
        found = (path, _last_change(path))  # before it is read: what is copied meanwhile is a reason to read it again
        if number == self.version or self._failed == found:
            return
        try:
            self._put(number, load_version(path))
        except Exception as error:  # nothing that a file holds may end the looking for newer versions
            self._failed = found
            self.states[number] = VersionState(END, str(error))
            log.warning("Version %d is not served: %s", number, error)

    def _newest(self) -> tuple[int, Path] | None:
        found = versions(self._folder) if self.follows else {int(self._folder.name): self._folder}
        return max(found.items(), default=None)

    def _put(self, number: int, model: LoadedModel) -> None:
        self._end()
        self._served = (number, model)
        self.states[number] = VersionState(AVAILABLE)

    def _take_away(self) -> None:
        self._end()
        self._served = None

    def _end(self) -> None:
        if self.version is not None:
            self.states[self.version] = VersionState(END)


def _last_change(path: Path) -> int:
    """Changes whenever a file in the folder is added or written, in nanoseconds."""
    return max((inside.stat().st_mtime_ns for inside in path.rglob("*")), default=0)
