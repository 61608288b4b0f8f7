"""The whole road, as a user walks it in Chromium: labels, train, predict, explain."""

import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
APP = Path(__file__).parents[2] / "apps" / "app.py"
PATIENCE = 180_000  # milliseconds


@pytest.fixture
def address(here):
    """The app, served from an empty folder as `streamlit run` serves it."""
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
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=30)


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


def test_labels_train_predict_explain(browser, address, clothes, here):
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.set_default_timeout(PATIENCE)
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    hosts = hosts_asked_by(page)

    page.goto(address)
    page.get_by_text("Upload a folder").click()
    page.locator("input[type=file]").set_input_files(clothes)
    page.get_by_text("31 files arrived").wait_for()
    page.get_by_role("button", name="Look at the images").click()
    page.get_by_text("Left out of them: 1").wait_for()  # notes.txt
    page.get_by_role("button", name="Save manifest").click()
    page.get_by_role("button", name="Go on to Train").click()

    for label, value in {"Epochs": "1", "Batch size": "8"}.items():
        box = page.get_by_role("spinbutton", name=label)
        box.fill(value)
        box.press("Enter")
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("Starting:").wait_for()
    page.reload()  # the run is in the address
    page.get_by_text("images that training never saw").wait_for()
    assert page.frame_locator("iframe").get_by_text("Confusion matrix").first.inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    assert download.value.suggested_filename == "clothes-1.html"
    page.get_by_role("button", name="Go on to Predict").click()

    expect(page.get_by_role("combobox", name="Model")).to_have_value("Run clothes-1", timeout=PATIENCE)
    images = sorted((clothes / "trouser").iterdir())[:2]
    page.locator("input[type=file]").set_input_files([*images, clothes / "bag" / "notes.txt"])
    page.get_by_text("1 of 3 files could not be read").wait_for()
    page.get_by_alt_text(images[0].name).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the table").click()
    table = download.value.path().read_text().splitlines()
    assert table[0].startswith("image,class,probability")
    assert len(table) == 4

    page.goto(f"{address}/explain?model=runs/clothes-1")
    page.locator("input[type=file]").set_input_files(images[0])
    page.get_by_role("button", name="Explain", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the arrays").click()
    with np.load(download.value.path()) as arrays:
        assert {name.split("/")[1] for name in arrays.files} >= {"pixels", "grad_cam", "integrated_gradients"}
    assert page.get_by_text("its check").count() == 2
    assert not failures
    assert hosts == {"localhost"}


@pytest.mark.parametrize("view", ["labels", "train", "predict", "explain"])
def test_no_page_asks_anything_of_the_network(browser, address, view):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    hosts = hosts_asked_by(page)
    page.goto(f"{address}/{view}")
    page.get_by_role("heading", name=view.capitalize()).wait_for()
    page.wait_for_load_state("networkidle")
    icon = page.locator("link[rel='shortcut icon']").get_attribute("href")
    assert icon.startswith("data:image/svg+xml")
    assert hosts == {"localhost"}
