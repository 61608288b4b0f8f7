"""The app as a user walks through it in Chromium.

IMGCLS_SCREENSHOTS=FOLDER keeps a picture of each page at three widths and in dark.
"""

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT

pytestmark = pytest.mark.browser
APP = Path(__file__).parents[2] / "apps" / "app.py"
SAMPLE = APP.parents[1] / "datasets" / "fashion_mini"
PATIENCE = 120_000  # milliseconds
WIDTHS = (400, 1280, 1920)
PAGES = ("home", "data", "label", "train", "results", "predict", "deploy", "learn")
SERIOUS = ("serious", "critical")
WITHOUT = {  # rules of axe, each with the reason why it is not asked
    "region": "Streamlit has its own landmarks",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The app, served from a folder of its own as `streamlit run` serves it, with a project that holds images."""
    folder = tmp_path_factory.mktemp("app")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", str(APP.parents[1]), prepend=os.pathsep)
        name = project_of_sample().name
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", APP, "--server.port", str(port)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    try:
        for line in server.stdout:
            if "URL:" in line:
                break
        yield App(f"http://localhost:{port}", folder, name)
    finally:
        server.terminate()
        server.communicate(timeout=30)


@dataclass(frozen=True)
class App:
    """An app that runs: its address, the folder that it was started in, and the name of its project."""

    address: str
    folder: Path
    project: str


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


@pytest.fixture
def screenshots(tmp_path_factory) -> Path:
    """Where pictures of the pages are kept."""
    folder = Path(os.environ.get("IMGCLS_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def hosts_asked_by(page) -> set[str]:
    """The hosts of everything that the page asks for from now on, over HTTP or a WebSocket."""
    hosts = set()

    def note(asked) -> None:
        address = urlsplit(asked.url)
        if address.scheme not in ("data", "blob"):  # which are no requests to anybody
            hosts.add(address.hostname)

    page.on("request", note)
    page.on("websocket", note)
    return hosts


def look(page, address: str) -> None:
    """Open an address and wait until the page is there, whole."""
    page.goto(address)
    page.locator("[data-testid=stSidebar], [data-testid=stAppViewContainer]").first.wait_for()
    page.locator("h1").first.wait_for()
    settled(page)


def settled(page) -> None:
    """Wait until no script of the page runs any more."""
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.wait_for_load_state("networkidle")


def serious_faults(page) -> list[str]:
    """What axe-core finds that keeps somebody from using the page."""
    page.add_script_tag(content=AXE_SCRIPT)
    rules = {name: {"enabled": False} for name in WITHOUT}
    found = page.evaluate("rules => axe.run(document, {rules, resultTypes: ['violations']})", rules)
    return [
        f"{fault['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("view", PAGES)
def test_a_page_fits_every_screen_and_asks_nobody(browser, app, screenshots, view):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    hosts = hosts_asked_by(page)
    look(page, f"{app.address}/{view}?project={app.project}")
    assert page.locator("link[rel='shortcut icon']").get_attribute("href").startswith("data:image/svg+xml")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1400})
        page.wait_for_function(f"innerWidth === {width}")
        settled(page)
        page.screenshot(path=screenshots / f"{view}-{width}.png", full_page=True)
        wide = page.evaluate(TOO_WIDE)
        assert not wide, f"at {width} pixels: {wide}"
    assert page.locator("[data-testid=stException]").count() == 0
    assert not failures
    assert hosts == {"localhost"}


TOO_WIDE = """() => {
  const main = document.querySelector("[data-testid=stMain]") || document.documentElement;
  if (main.scrollWidth <= main.clientWidth + 1) return [];
  return [`${main.scrollWidth} in ${main.clientWidth}`, ...[...main.querySelectorAll("*")]
    .filter(each => each.getBoundingClientRect().right > main.getBoundingClientRect().right + 1)
    .slice(0, 5).map(each => each.outerHTML.slice(0, 120))];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", PAGES)
def test_axe_finds_no_serious_fault(browser, app, screenshots, view, scheme):
    page = browser.new_page(viewport={"width": 1280, "height": 1400}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    look(page, f"{app.address}/{view}?project={app.project}")
    page.screenshot(path=screenshots / f"{view}-{scheme}.png", full_page=True)
    faults = serious_faults(page)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("what", ["network=efficientnet_lite0", "part=bench", "network=resnet50"])
def test_what_learn_opens_fits_and_has_no_serious_fault(browser, app, screenshots, what, scheme):
    page = browser.new_page(viewport={"width": 400, "height": 1400}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    look(page, f"{app.address}/learn?{what}")
    wide = page.evaluate(TOO_WIDE)
    assert not wide, wide
    page.set_viewport_size({"width": 1280, "height": 1400})
    settled(page)
    page.screenshot(path=screenshots / f"learn-{what.replace('=', '-')}-{scheme}.png", full_page=True)
    faults = serious_faults(page)
    assert not faults, "\n".join(faults)
