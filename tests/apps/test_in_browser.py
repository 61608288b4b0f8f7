"""The app as a user walks through it in Chromium.

IMGCLS_SCREENSHOTS=FOLDER keeps a picture of each page at three widths and in dark.
"""

import os
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.apps.faults import in_both_schemes, serious_faults
from tests.apps.served import PATIENCE, look, served, settled

pytestmark = pytest.mark.browser
WIDTHS = (400, 1280, 1920)
PAGES = ("home", "data", "label", "train", "results", "predict", "deploy", "learn")
ADDRESSES = {"home": ""}  # of the others their name


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The app with a project that holds images."""
    with served(tmp_path_factory.mktemp("app")) as running:
        yield running


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


@pytest.mark.parametrize("view", PAGES)
def test_a_page_fits_every_screen_and_asks_nobody(browser, app, screenshots, view):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    hosts = hosts_asked_by(page)
    look(page, f"{app.address}/{ADDRESSES.get(view, view)}?project={app.project}")
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


@pytest.mark.parametrize("view", PAGES)
def test_axe_finds_no_serious_fault(browser, app, screenshots, view):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    look(page, f"{app.address}/{ADDRESSES.get(view, view)}?project={app.project}")
    for scheme in in_both_schemes(page):
        page.screenshot(path=screenshots / f"{view}-{scheme}.png", full_page=True)
        faults = serious_faults(page)
        assert not faults, "\n".join([scheme, *faults])


def test_the_link_that_the_keyboard_is_at_can_be_seen(browser, app):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    look(page, f"{app.address}/data?project={app.project}")
    outlines = set()
    for _ in in_both_schemes(page):
        page.get_by_role("link", name="Projects").focus()
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outline")
        assert page.evaluate("document.activeElement.dataset.testid") == "stPageLink-NavLink"
        assert "solid 2px" in outline
        outlines.add(outline)
    assert len(outlines) == 2  # each theme has its color


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_words_on_the_main_button_of_a_popover_can_be_read(browser, app, scheme):
    page = browser.new_page(viewport={"width": 1280, "height": 1400}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    look(page, app.address)
    page.get_by_role("button", name="New project").click()
    page.get_by_role("button", name="Create", exact=True).wait_for()
    settled(page)
    faults = serious_faults(page)
    assert not faults, "\n".join(faults)


def test_enter_in_the_name_creates_the_project(browser, app):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    look(page, app.address)
    page.get_by_role("button", name="New project").click()
    name = page.get_by_label("Name of the project")
    name.fill("Birds")
    name.press("Enter")
    page.wait_for_url("**/data?project=birds*")


def test_the_arrow_keys_move_a_slider_of_the_augmentation_as_often_as_they_are_pressed(browser, app):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    look(page, f"{app.address}/train?project={app.project}")
    page.get_by_text("Settings", exact=True).click()
    page.get_by_test_id("stButtonGroup").get_by_text("Augmentation", exact=True).click()
    slider = page.get_by_role("slider", name="Rotation")
    slider.wait_for()
    settled(page)
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(30)  # milliseconds, as a key that is held repeats
    settled(page)
    assert page.evaluate("document.activeElement.type") == "range"
    assert float(slider.input_value()) == 30
    page.get_by_role("button", name="Undo all changes").click()
    settled(page)
    assert float(slider.input_value()) == 0


def test_enter_in_the_name_renames_the_project(browser, app):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    look(page, app.address)
    page.get_by_role("button", name="Manage").last.click()
    name = page.get_by_role("dialog").get_by_label("Name", exact=True)
    before = name.input_value()
    name.fill(f"{before} of today")
    name.press("Enter")
    page.get_by_role("link", name=f"{before} of today").wait_for()


def test_enter_in_the_new_name_renames_the_class(browser, app):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    look(page, f"{app.address}/data?project={app.project}&part=Classes")
    page.get_by_role("combobox", name="Classes to change").fill("bag")
    page.keyboard.press("Enter")
    name = page.get_by_label("New name")
    name.fill("handbag")
    name.press("Enter")
    page.get_by_text("bag renamed to handbag.").wait_for()
    settled(page)
    page.get_by_role("button", name="Undo").click()  # other tests look for a bag
    settled(page)


@pytest.mark.parametrize(("section", "field"), [("Classes", "Classes to change"), ("Images", "Class")])
def test_enter_chooses_one_class_where_what_was_typed_fits_several(browser, app, section, field):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    look(page, f"{app.address}/data?project={app.project}&part={section}")
    page.get_by_role("combobox", name=field, exact=True).fill("e")  # in sneaker and in trouser
    page.keyboard.press("Enter")
    settled(page)
    assert page.locator(".react-aria-ComboBox [data-tag]").count() == 1


@pytest.mark.parametrize("what", ["network=efficientnet_lite0", "part=bench", "network=resnet50"])
def test_what_learn_opens_fits_and_has_no_serious_fault(browser, app, screenshots, what):
    page = browser.new_page(viewport={"width": 400, "height": 1400})
    page.set_default_timeout(PATIENCE)
    look(page, f"{app.address}/learn?{what}")
    wide = page.evaluate(TOO_WIDE)
    assert not wide, wide
    page.set_viewport_size({"width": 1280, "height": 1400})
    settled(page)
    for scheme in in_both_schemes(page):
        page.screenshot(path=screenshots / f"learn-{what.replace('=', '-')}-{scheme}.png", full_page=True)
        faults = serious_faults(page)
        assert not faults, "\n".join([scheme, *faults])


@pytest.mark.parametrize(
    ("address", "field", "name", "choices"),
    [
        ("learn?part=bench", "Kernel", "kernel", ["Identity", "Blur", "Sharpen", "Identity"]),
        ("label", "Images to label", "queue", ["sneaker", "trouser", "bag", "sneaker"]),
        ("predict", "Model", "model", ["A server elsewhere", "ImageNet", "A server elsewhere", "ImageNet"]),
    ],
)
def test_one_choice_after_the_other_stays(browser, app, address, field, name, choices):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    look(page, f"{app.address}/{address}{'&' if '?' in address else '?'}project={app.project}")
    for choice in choices:
        page.get_by_role("combobox", name=field).click()
        page.get_by_role("option", name=choice).first.click()
        settled(page)
        kept = dict(parse_qsl(urlsplit(page.url).query))[name]
        assert choice.lower().removeprefix("a ").partition(" ")[0] in kept.lower()
        assert choice in page.get_by_role("combobox", name=field).input_value()
