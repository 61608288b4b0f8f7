"""The road of images with several classes each, in Chromium: from a COCO file to results and the filter of doubts."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.apps.served import PATIENCE, SAMPLE, look, running, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CLASSES = ("bag", "sneaker", "trouser")
IMAGES = 48


@pytest.fixture
def coco(here) -> Path:
    """Images of one item or two side by side, a box around each, and one image that nobody labelled."""
    (here / "coco").mkdir()
    found = {"images": [], "annotations": [], "categories": [{"id": n, "name": c} for n, c in enumerate(CLASSES)]}
    for number in range(IMAGES):
        shown = [number % 3, (number + 1) % 3][: 1 + number % 2]
        canvas = np.zeros((28, 56), np.uint8)
        for place, category in enumerate(shown if number else []):
            items = sorted((SAMPLE / "train" / CLASSES[category]).iterdir())
            canvas[:, 28 * place : 28 * place + 28] = Image.open(items[number]).convert("L")
            box = {"image_id": number, "category_id": category, "bbox": [28 * place, 0, 28, 28]}
            found["annotations"].append({"id": len(found["annotations"]), **box})
        found["images"].append({"id": number, "file_name": f"{number:02}.png", "width": 56, "height": 28})
        Image.fromarray(canvas).save(here / "coco" / f"{number:02}.png")
    (here / "coco" / "instances.json").write_text(json.dumps(found))
    return here / "coco"


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1280, "height": 1400})
    opened.set_default_timeout(PATIENCE)
    failures = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    assert not failures


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def test_from_boxes_of_several_classes_to_results(here, page, coco):
    from projects.project import create_project
    from projects.versions import manifest_of

    project = create_project("Wardrobe")
    with running() as address:
        look(page, f"{address}/data?project=wardrobe&from=On+the+server")
        page.get_by_role("textbox", name="Folder or annotation file on the server").fill("coco")
        page.keyboard.press("Tab")
        settled(page)
        press(page, "Add these images")
        page.get_by_text("an image with all its classes").click()
        settled(page)
        press(page, "Add these images")
        page.get_by_text(f"{IMAGES} images added").first.wait_for()
        page.get_by_text("bag, sneaker").first.wait_for()  # below an image
        label_the_empty_one(page, address)
        assert manifest_of(project).has_unlabelled
        train(page, address)
        press(page, "See the results")
        page.get_by_role("heading", name="Results").wait_for()
        page.get_by_text("new images").first.wait_for()
        look(page, f"{address}/data?project=wardrobe")
        page.get_by_text("The model of run-1").wait_for()


def label_the_empty_one(page, address: str) -> None:
    """Marks a class and takes the mark away, so that Enter says that the image has none."""
    look(page, f"{address}/label?project=wardrobe&queue=no-label")
    page.get_by_text("0 of 1 done").wait_for()
    for key in ("1", "1", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("1 decided and not saved yet").wait_for()
    press(page, "Save these labels")
    page.get_by_text("All is saved").wait_for()


def train(page, address: str) -> None:
    look(page, f"{address}/train?project=wardrobe&answer=quick")
    page.get_by_text("Settings", exact=True).click()
    page.get_by_role("spinbutton", name="Epochs").fill("6")
    page.keyboard.press("Enter")
    settled(page)
    press(page, "Start")
    page.get_by_role("button", name="See the results").wait_for(timeout=5 * PATIENCE)
