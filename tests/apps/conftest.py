"""The app, started in an empty folder, as a user sees it: what can be read on a page, and what can be pressed."""

import os
import re
import shutil
import sys
import time
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.components.v2 import manifest_scanner
from streamlit.config import set_option
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from imgcls.models.registry import NETWORK_FILES

ROOT = Path(__file__).parents[2]
APP = ROOT / "apps" / "app.py"
SHELL = ROOT / "apps" / "shell.py"  # the script that app.py serves
SAMPLE = ROOT / "datasets" / "fashion_mini"
sys.path.insert(0, str(APP.parent))  # as `streamlit run apps/app.py` does


class Page:
    """One user's browser page. No traceback may ever be on it."""

    def __init__(self, view: str, **address: str):
        self.widgets = AppTest.from_file(str(SHELL), default_timeout=60).run()
        for name, value in address.items():
            self.widgets.query_params[name] = value
        self.widgets.switch_page(f"views/{view}.py")
        self.look()

    def look(self) -> "Page":
        for box in self.widgets.selectbox:
            if box.proto.accept_new_options and box.format_func(box.value) not in box.options:
                box.options.append(box.value)  # AppTest has no other way to type into a selectbox
        self.widgets.run()
        assert not self.widgets.exception, [shown.value for shown in self.widgets.exception]
        return self._follow()

    def _follow(self) -> "Page":
        """Go where the page goes by itself, as the browser does: it presses the link above."""
        links = []
        for shown in self.widgets.main:
            if shown.type == "page_link":
                links.append(shown.proto)
            elif shown.type == "bidi_component" and shown.proto.component_name.endswith("presses_the_link"):
                self.widgets.query_params.clear()
                self.widgets.query_params.update(parse_qs(links[-1].query_string))
                self.widgets.switch_page(f"views/{links[-1].page or 'home'}.py")
                return self.look()
        return self

    def press(self, label: str) -> "Page":
        next(button for button in self.widgets.button if button.label == label).click()
        return self.look()

    def open(self, title: str) -> "Page":
        """Open an expander whose content is only made while it is open."""
        self.widgets.session_state[title] = True
        return self.look()

    def choose(self, label: str, value: object) -> "Page":
        """Give a value to the widget with this label."""
        kinds = (self.widgets.radio, self.widgets.selectbox, self.widgets.text_input, self.widgets.number_input,
                 self.widgets.checkbox)  # fmt: skip
        next(widget for kind in kinds for widget in kind if widget.label == label).set_value(value)
        return self.look()

    def fill(self, label: str, text: str) -> "Page":
        """Type into a field of a form, which sends it when its button is pressed."""
        next(field for field in self.widgets.text_input if field.label == label).set_value(text)
        return self

    def upload(self, files: dict[str, bytes], place: int = 0) -> "Page":
        self.widgets.file_uploader[place].set_value([(name, data, "image/png") for name, data in files.items()])
        return self.look()

    @property
    def text(self) -> str:
        """All sentences on the page, and the labels of its buttons."""
        w = self.widgets
        kinds = (w.title, w.subheader, w.markdown, w.caption, w.info, w.success, w.warning, w.error)
        sentences = [str(shown.value) for kind in kinds for shown in kind]
        figures = [f"{metric.label} {metric.value}" for metric in w.metric]
        return "\n".join([*sentences, *figures, *(button.label for button in w.button)])

    @property
    def errors(self) -> str:
        """As they are read: without what keeps their signs from being Markdown."""
        return re.sub(r"\\([\W_])", r"\1", "\n".join(shown.value for shown in self.widgets.error))

    @property
    def html(self) -> str:
        return "".join(block.proto.body for block in self.widgets.get("html"))

    def wait_for(self, sentence: str, seconds: float = 120) -> "Page":
        """Look again and again, as the page of a run does, until it says `sentence`."""
        until = time.monotonic() + seconds
        while sentence not in self.text:
            assert time.monotonic() < until, f"{sentence!r} did not appear on the page:\n{self.text}"
            time.sleep(0.7)
            self.look()
        return self


@pytest.fixture(scope="session", autouse=True)
def pages_take_no_longer_than_in_the_app():
    """AppTest reads the metadata of all packages anew for each page, and looks at all objects after each click; where
    Keras is loaded, which it never is in the app, Streamlit clears its session, which looks at all objects too."""
    found = cache(manifest_scanner.scan_component_manifests)
    set_option("runner.postScriptGC", False)  # as apps/.streamlit/config.toml has it, which AppTest does not read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The folder that the app works in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(APP)])  # as `streamlit run apps/app.py` has it; flags come behind
    monkeypatch.setenv(NETWORK_FILES, "")  # which the app sets; what it was before comes back
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)  # for the processes that the app starts
    return tmp_path


@pytest.fixture
def page(here):
    """Open a page of the app: page("train", run="clothes-1")."""
    return Page


@pytest.fixture
def project(here, clothes):
    """A project with the 30 images of `clothes`, looked at, in three classes."""
    from projects.project import create_project
    from projects.versions import add_version

    from imgcls.config import LabelsConfig
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.sources.importing import import_manifest

    made = create_project("Clothes")
    add_version(made, inspect(import_manifest(str(clothes), LabelsConfig()).manifest), "30 images added", 0)
    return made


@pytest.fixture
def waiting(project):
    """The project with twelve images more that wait for a label."""
    from projects.versions import NO_LABEL, add_version, whole_manifest_of

    from imgcls.data.manifest.table import Manifest

    manifest = whole_manifest_of(project)
    more = manifest.table.iloc[:12].copy()
    more["label"], more["problems"] = "", NO_LABEL
    more["labels"] = pd.Series([[] for _ in range(12)], more.index)
    table = pd.concat([manifest.table, more], ignore_index=True)
    add_version(project, Manifest(table, manifest.root), "12 without a label", 1)
    return project


@pytest.fixture(autouse=True)
def no_page_stays_open(request):
    """An open page asks the app every two seconds what runs."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()


@pytest.fixture(autouse=True)
def no_worker_is_left():
    """The process that computes ends with the test that asked it."""
    yield
    from worker import client

    client.stop()


@pytest.fixture
def clothes(here) -> Path:
    """Ten real images in each of three class folders, and among them one file that is no image."""
    for name in ("bag", "sneaker", "trouser"):
        (here / "clothes" / name).mkdir(parents=True)
        for image in sorted((SAMPLE / "train" / name).iterdir())[:10]:
            shutil.copy(image, here / "clothes" / name)
    (here / "clothes" / "bag" / "notes.txt").write_text("not an image")
    return here / "clothes"


@pytest.fixture
def film(tmp_path, small_data):
    """A film of one second that shows a bag, as the camera of Chromium plays it."""
    picture = Image.open(min((small_data / "test" / "bag").iterdir())).convert("YCbCr").resize((320, 240))
    planes = [picture.getchannel(place) for place in range(3)]
    frame = [np.asarray(planes[0]), *(np.asarray(plane.resize((160, 120))) for plane in planes[1:])]
    file = tmp_path / "bag.y4m"
    file.write_bytes(
        b"YUV4MPEG2 W320 H240 F10:1 Ip A1:1 C420\n" + 10 * b"".join([b"FRAME\n", *(p.tobytes() for p in frame)])
    )
    return file


@pytest.fixture
def with_camera(film):
    """Chromium with that film in place of a camera."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
             f"--use-file-for-fake-video-capture={film}"]  # fmt: skip
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        yield opened
        opened.close()
