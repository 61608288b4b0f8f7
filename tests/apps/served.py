"""The app as it is started, with a project in it, for tests that look at it in Chromium."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "apps" / "app.py"
SAMPLE = APP.parents[1] / "datasets" / "fashion_mini"
MOMENT = 200  # milliseconds, in which what was typed reaches the app
CALM = """moment => {
  const runs = !document.querySelector("[data-test-script-state=notRunning]");
  if (runs || document.querySelector("[data-testid=stSkeleton]")) calmSince = null;
  else calmSince ??= performance.now();
  return calmSince !== null && performance.now() - calmSince > moment;
}"""
PATIENCE = int(os.environ.get("IMGCLS_PATIENCE", "120")) * 1000  # milliseconds


@dataclass(frozen=True)
class App:
    """An app that runs: its address, the folder that it was started in, and the name of its project."""

    address: str
    folder: Path
    project: str


class Line:
    """What the app says to a page; it is there before the page is opened, and can be held back."""

    def __init__(self, page):
        self._holds, self._waiting = False, []
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The page hears nothing of the app, and at the end all that was said."""
        self._holds = True
        yield
        self._holds = False
        for way, said in self._waiting:
            way.send(said)
        self._waiting.clear()

    def _connect(self, way) -> None:
        hear = lambda said: self._waiting.append((way, said)) if self._holds else way.send(said)  # noqa: E731
        way.connect_to_server().on_message(hear)


@contextmanager
def running(script: Path = APP, *flags: str, port: int = 0) -> Iterator[str]:
    """The address of a script that `streamlit run` serves from the folder that the test is in."""
    server, address = started(script, *flags, port=port)
    try:
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=30)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def started(script: Path = APP, *flags: str, port: int = 0) -> tuple[subprocess.Popen, str]:
    """A process that serves a script, and its address; whoever asks for it ends it."""
    port = port or free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), *flags],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    next(line for line in server.stdout if "URL:" in line)
    return server, f"http://localhost:{port}"


@contextmanager
def served(folder: Path) -> Iterator[App]:
    """The app with a project, served from this folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", str(APP.parents[1]), prepend=os.pathsep)
        name = project_of_sample().name
        with running() as address:
            yield App(address, folder, name)


def project_of_sample():
    """A project with 60 images of the sample in three classes."""
    from projects.project import create_project
    from projects.versions import add_version

    from imgcls.config import LabelsConfig
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.sources.importing import import_manifest

    for name in ("bag", "sneaker", "trouser"):
        Path("clothes", name).mkdir(parents=True)
        for image in sorted((SAMPLE / "train" / name).iterdir())[:20]:
            shutil.copy(image, Path("clothes", name))
    made = create_project("Clothes")
    add_version(made, inspect(import_manifest("clothes", LabelsConfig()).manifest), "60 images added", 0)
    return made


def look(page, address: str) -> None:
    """Open an address and wait until the page is there, whole."""
    page.goto(address)
    page.locator("h1").first.wait_for()
    settled(page)


def settled(page) -> None:
    """Wait until no script of the page runs any more, also none that begins a moment later, and all parts are drawn."""
    page.evaluate("calmSince = null")
    page.wait_for_function(CALM, arg=MOMENT)
    page.wait_for_load_state("networkidle")


def happens(page, found: Callable[[], bool]) -> None:
    """Wait until something can be found that no page shows."""
    until = time.monotonic() + PATIENCE / 1000
    while not found():
        assert time.monotonic() < until
        page.wait_for_timeout(20)


def take_a_photo(page) -> None:
    """Press the camera's button until a photo is on its way: the browser drops one where it starts the camera anew.

    It does so where the page gets another width, one second later.
    """
    from playwright.sync_api import TimeoutError as NothingSent

    sent = lambda request: "/_stcore/upload_file/" in request.url and request.method == "PUT"  # noqa: E731
    for _ in range(10):
        page.wait_for_function("document.querySelector('video')?.videoWidth > 0")  # the camera has begun
        try:
            with page.expect_request(sent, timeout=15_000):  # milliseconds
                page.get_by_role("button", name="Take Photo", exact=True).click()
            return
        except NothingSent:
            continue
    raise AssertionError("The camera gave no photo.")
