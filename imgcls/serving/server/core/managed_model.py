"""The versions of one model that a server has in memory, and how a new one takes the place of the old.

The rules are TensorFlow Serving's: the folder is looked at again and again, a new version is ready before an old one
goes, and one that cannot be loaded leaves the old one where it is, and is tried again a few times.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

from imgcls.serving.server.core.model_settings import ModelSettings
from imgcls.serving.server.core.running_version import RunningVersion
from imgcls.serving.server.core.version_state import AVAILABLE, END, LOADING, START, UNLOADING, VersionState
from imgcls.serving.server.core.whole_version import Files, files_of, what_is_missing
from imgcls.serving.server.request_error import NOT_FOUND, RequestError

log = logging.getLogger(__name__)
ATTEMPTS = 6  # to load a version: TensorFlow Serving's max_num_load_retries is 5
RETRY_SECONDS = 60.0  # between two of them: its load_retry_interval_micros
Load = Callable[[str, int, Path], RunningVersion]  # from the model's name and the version's number and folder


class _Failure(NamedTuple):
    """A version that could not be loaded: with which files, how often, and when it is tried again."""

    files: Files
    attempts: int
    again: float  # on the clock of time.monotonic; infinite for not before the files change


class ManagedModel:
    """One model by name, with the versions that are served.

    Args:
        settings: Which versions these are.
        load: Loads a version. Raises ValueError if it cannot be.

    Attributes:
        settings: The same; others may take their place.
    """

    def __init__(self, settings: ModelSettings, load: Load) -> None:
        self.settings = settings
        self._load = load
        self._states: dict[int, VersionState] = {}
        self._failed: dict[int, _Failure] = {}
        self._seen: dict[int, Files] | None = None  # at the last look; None before the first
        self._served: dict[int, RunningVersion] = {}  # replaced as a whole, so that readers need no lock
        self._looking: Future[None] | None = None
        self._one_look = threading.Lock()
        self._of_states = threading.Lock()

    @property
    def states(self) -> dict[int, VersionState]:
        """The state of every version that was ever seen, by number."""
        with self._of_states:
            return dict(self._states)

    @property
    def available(self) -> list[int]:
        """The numbers of the versions that are served, ascending."""
        return sorted(self._served)

    @property
    def is_loading(self) -> bool:
        """Whether a version is being loaded."""
        return any(each.state == LOADING and not each.error for each in self.states.values())

    def find(self, version: int | None = None) -> tuple[int, RunningVersion]:
        """Find a version that is served.

        Args:
            version: Its number; None for the newest.

        Returns:
            Its number, and the version.

        Raises:
            RequestError: If it is not served.
        """
        served, name = self._served, self.settings.name
        number = max(served, default=None) if version is None else version
        if number is None or number not in served:
            asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise RequestError(f"Servable not found for request: {asked}", NOT_FOUND)
        return number, served[number]

    def look_soon(self) -> "Future[None]":
        """Look at the folder in a thread of its own, unless one is at it."""
        with self._of_states:
            if self._looking is None or self._looking.done():
                self._looking = Future()
                threading.Thread(target=self._look_in_thread, args=[self._looking], daemon=True).start()
            return self._looking

    def _look_in_thread(self, done: "Future[None]") -> None:
        try:
            self.look()
        except Exception as error:  # such as a folder that changed while it was looked at; the next look comes soon
            log.warning("%s was not looked at: %s", self.settings.folder, error)
        finally:
            done.set_result(None)

    def look(self) -> None:
        """Look at the folder once, load what has come, and let go of what is no longer wanted.

        A version that lacks a file, or whose files have changed since the last look, is left alone. One that cannot
        be loaded, for whatever reason, is tried again a few times, and then left alone until its files change.
        """
        with self._one_look:
            found = self.settings.found()
            if found is None:
                return
            is_first = self._seen is None
            wanted = self._wanted(found)
            level = logging.DEBUG if is_first else logging.INFO  # who has it served says what it begins with
            for number in set(self._failed) - set(wanted):
                self._wait_no_more(number)
            for number in sorted(set(wanted) - set(self._served), reverse=True):
                self._take(number, wanted[number], level)
            if not found or set(wanted) & set(self._served):  # until then the old ones are better than none
                for number in set(self._served) - set(wanted):
                    self._let_go(number)

    def log_served(self) -> None:
        """Log which versions are served, and with which engine."""
        for number, version in sorted(self._served.items()):
            self._log_served(logging.INFO, number, version)

    def let_all_go(self) -> None:
        """Serve nothing any more; requests at hand are answered."""
        with self._one_look:
            for number in self.available:
                self._let_go(number)

    def _wanted(self, found: dict[int, Path]) -> dict[int, Path]:
        """The versions that shall be served, of those that are whole."""
        before, self._seen = self._seen, dict(self._seen or {})
        whole = dict(found)
        while waiting := [
            number
            for number, path in self.settings.chosen(whole).items()
            if number not in self._served and not self._is_whole(number, path, before)
        ]:
            for number in waiting:
                del whole[number]
        for number in set(self._seen) - set(found):
            del self._seen[number]
            if self.states.get(number) == VersionState(START):
                self._forget(number)
        return self.settings.chosen(whole)

    def _is_whole(self, number: int, path: Path, before: dict[int, Files] | None) -> bool:
        files, missing = files_of(path), what_is_missing(path)
        if self._seen is not None:
            self._seen[number] = files
        if not missing and (before is None or before.get(number) == files):
            return True
        if number not in self._failed:
            self._set(number, START)
        log.info("Version %d of %s waits for %s", number, self.settings.name, missing or "its files to rest")
        return False

    def _take(self, number: int, path: Path, level: int) -> None:
        files = files_of(path)  # before it is read: what is copied meanwhile is a reason to read it again
        failed = self._failed.get(number)
        if failed is None or failed.files != files:
            failed = _Failure(files, 0, 0.0)
        if time.monotonic() < failed.again:
            return
        self._set(number, LOADING)
        try:
            version = self._load(self.settings.name, number, path)
        except Exception as error:  # nothing that a file holds may end the looking for newer versions
            self._fail(number, failed, str(error))
            return
        self._failed.pop(number, None)
        self._served = {**self._served, number: version}
        self._set(number, AVAILABLE)
        self._log_served(level, number, version)

    def _log_served(self, level: int, number: int, version: RunningVersion) -> None:
        log.log(level, "Version %d of %s is served.%s", number, self.settings.name, version.note and f" {version.note}")

    def _fail(self, number: int, before: _Failure, error: str) -> None:
        attempts = before.attempts + 1
        is_last = attempts >= ATTEMPTS
        again = math.inf if is_last else time.monotonic() + RETRY_SECONDS
        self._failed[number] = _Failure(before.files, attempts, again)
        self._set(number, END if is_last else LOADING, error)
        next_one = "when its files change" if is_last else f"in {RETRY_SECONDS:g} s"
        why = f"{error} (attempt {attempts} of {ATTEMPTS}, the next one {next_one})"
        log.warning("Version %d of %s is not served: %s", number, self.settings.name, why)

    def _wait_no_more(self, number: int) -> None:
        """Say of a version that shall not be served any more that it is not loading."""
        found = self.states[number]
        if found.state == LOADING:
            self._set(number, END, found.error)

    def _let_go(self, number: int) -> None:
        version = self._served[number]
        self._served = {each: kept for each, kept in self._served.items() if each != number}
        self._set(number, UNLOADING)
        version.close(lambda: self._ended(number))

    def _ended(self, number: int) -> None:
        if self.states[number].state == UNLOADING:  # and was not loaded again meanwhile
            self._set(number, END)
            log.info("Version %d of %s is served no more.", number, self.settings.name)

    def _set(self, number: int, state: str, error: str = "") -> None:
        with self._of_states:
            self._states[number] = VersionState(state, error)

    def _forget(self, number: int) -> None:
        with self._of_states:
            del self._states[number]
