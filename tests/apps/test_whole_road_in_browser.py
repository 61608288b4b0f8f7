"""The whole road in Chromium: from files of COCO and LabelImg to a server that answers."""

import json
import shutil
import time
from pathlib import Path

import pytest

from imgcls.files import read_json
from tests.apps.served import PATIENCE, look, settled, started, take_a_photo

pytestmark = pytest.mark.browser
TRAINING = 3 * PATIENCE
CLASSES = {"bag": "bag", "sneaker": "sneaker", "trouser": "trousers"}  # in the sample, and in the COCO file
XML = (
    "<annotation><filename>{name}</filename><size><width>28</width><height>28</height><depth>1</depth></size>"
    "<object><name>{label}</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>27</xmax><ymax>27</ymax></bndbox></object>"
    "</annotation>"
)


def pictures(small_data: Path, name: str) -> list[Path]:
    return sorted((small_data / "train" / name).iterdir())


def write_coco(folder: Path, small_data: Path) -> None:
    """Twenty images of each class, each with one box."""
    folder.mkdir()
    images, boxes = [], []
    for category, name in enumerate(CLASSES, start=1):
        for picture in pictures(small_data, name)[:20]:
            number, file = len(images) + 1, f"{name}_{picture.name}"
            shutil.copy(picture, folder / file)
            images.append({"id": number, "file_name": file, "width": 28, "height": 28})
            boxes.append({"id": number, "image_id": number, "category_id": category, "bbox": [1, 1, 26, 26]})
    categories = [{"id": category, "name": name} for category, name in enumerate(CLASSES.values(), start=1)]
    text = json.dumps({"images": images, "annotations": boxes, "categories": categories})
    (folder / "instances.json").write_text(text)


def write_labelimg(folder: Path, small_data: Path) -> None:
    """Twelve images of each class; the first bag is called a sneaker."""
    folder.mkdir()
    for name in CLASSES:
        for place, picture in enumerate(pictures(small_data, name)[20:32]):
            file = folder / f"{name}_{picture.name}"
            shutil.copy(picture, file)
            label = "sneaker" if (name, place) == ("bag", 0) else name
            file.with_suffix(".xml").write_text(XML.format(name=file.name, label=label))


@pytest.fixture
def tab(with_camera):
    """Opens a tab of a browser with a camera; no error may come up in any."""
    failures = []

    def new_tab():
        page = with_camera.new_page(viewport={"width": 1280, "height": 1200})
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: failures.append(str(error)))
        return page

    yield new_tab
    assert not failures


@pytest.fixture
def apps(here):
    """Starts the app, as often as it is asked to; gives the process and the address."""
    processes = []

    def start():
        process, address = started()
        processes.append(process)
        return process, address

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=30)


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def test_from_annotation_files_to_a_server_that_answers(here, tab, apps, small_data):
    write_coco(here / "coco", small_data)
    write_labelimg(here / "labelimg", small_data)
    app, address = apps()
    page = tab()
    look(page, address)
    make_project(page)
    add_images(page, "coco", "60 images added")
    press(page, "Add images")
    add_images(page, "labelimg", "36 images added")
    merge_trousers(page)
    fix_the_wrong_label(page, address)
    start_training(page, address)
    page.close()
    app.kill()  # as a machine does that runs out of memory
    app.wait()
    _, address = apps()
    page = tab()
    judge(page, address)
    ask_the_camera(page, address)
    deploy_and_ask(page, address, small_data)


def make_project(page) -> None:
    press(page, "New project")
    page.get_by_label("Name of the project").fill("Clothes")
    press(page, "Create")
    page.get_by_role("heading", name="Data").wait_for()


def add_images(page, folder: str, said: str) -> None:
    page.get_by_text("On the server", exact=True).click()
    page.get_by_role("textbox", name="Folder or annotation file on the server").fill(folder)
    page.keyboard.press("Tab")
    press(page, "Add these images")
    page.get_by_text(f"{folder}: there are boxes").wait_for()
    settled(page)
    press(page, "Add these images")
    page.get_by_text(said).first.wait_for()
    settled(page)


def merge_trousers(page) -> None:
    page.get_by_text("Classes", exact=True).last.click()
    box = page.get_by_role("combobox", name="Classes to change")
    for name in ("trouser", "trousers"):
        box.click()
        page.get_by_role("option", name=name, exact=True).click()
    page.keyboard.press("Escape")
    press(page, "Merge")
    page.get_by_text("trouser, trousers merged into trouser").first.wait_for()


def fix_the_wrong_label(page, address: str) -> None:
    """Confirms sneakers with Enter until a bag comes."""
    look(page, f"{address}/label?project=clothes&queue=class:sneaker")
    image = page.locator(".stage img")
    for _ in range(32):
        if "bag" in image.get_attribute("alt"):
            break
        page.keyboard.press("Enter")
    page.keyboard.press("1")
    page.get_by_text("21 decided and not saved yet").wait_for()
    press(page, "Save these labels")
    page.get_by_text("All is saved").wait_for()
    look(page, f"{address}/data?project=clothes&part=Versions")
    page.get_by_text("1 image: sneaker became bag").wait_for()


def start_training(page, address: str) -> None:
    look(page, f"{address}/train?project=clothes&answer=quick")
    press(page, "Start")
    page.get_by_text("Epoch 1 of").wait_for()


def judge(page, address: str) -> None:
    look(page, f"{address}/train?project=clothes")
    page.get_by_text("finished", exact=True).wait_for(timeout=TRAINING)  # the list follows
    press(page, "Open")
    press(page, "See the results")
    page.get_by_role("heading", name="Results").wait_for()
    settled(page)
    page.get_by_role("button", name="of bag, named rightly").click()
    page.get_by_role("button", name="Fix these labels").wait_for()
    page.wait_for_url("**cell=bag%2Cbag**")
    page.get_by_text("How sure", exact=True).click()
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    wait_for_threshold(page, 0.4)


def wait_for_threshold(page, value: float) -> None:
    """Until the app has written down what the slider says; each step of it is one more request."""
    file = Path("projects/clothes/runs/run-1/threshold.json")
    until = time.monotonic() + PATIENCE / 1000
    while not file.is_file() or read_json(file) != {"threshold": value}:
        assert time.monotonic() < until, f"{file} never said {value}."
        page.wait_for_timeout(100)  # milliseconds


def ask_the_camera(page, address: str) -> None:
    look(page, f"{address}/predict?project=clothes")
    page.get_by_role("radio", name="Camera").click()
    take_a_photo(page)
    page.get_by_text("1 image, named by: Run run-1.").wait_for()


def deploy_and_ask(page, address: str, small_data: Path) -> None:
    look(page, f"{address}/deploy?project=clothes")
    press(page, "Export and start")
    page.get_by_text("Try a request").wait_for(timeout=TRAINING)
    page.locator("input[type=file]").first.set_input_files(min((small_data / "test" / "bag").iterdir()))
    page.get_by_text("Its decision: bag").wait_for()
    press(page, "Stop the server")
    page.get_by_role("button", name="Start the server").wait_for()
