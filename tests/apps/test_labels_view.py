"""The first view: from labelled images to a manifest."""

import json
import re
import shutil
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.load import load_manifest
from imgcls.labels import FORMATS


def test_a_folder_becomes_a_manifest_and_the_next_step_is_named(page, clothes, here):
    damaged = sorted((clothes / "bag").glob("*.png"))[0]
    damaged.write_bytes(damaged.read_bytes()[:60])
    view = page("labels").choose("Where are the images?", "A path on this machine")
    view.choose("Folder or annotation file", str(clothes)).press("Look at the images")
    assert "Images 29" in view.text
    assert "Classes 3" in view.text
    assert "1 of 30 files cannot be used" in view.text
    assert view.widgets.dataframe[0].value.iloc[0].tolist() == [
        f"bag/{damaged.name}",
        "a damaged or truncated PNG file (60 bytes)",
    ]
    assert "Reported about the annotations: 1. Left out of them: 1." in view.text
    assert view.widgets.dataframe[1].value.iloc[0]["file"] == "bag/notes.txt"
    assert view.html.count("<img") == 3 * 7
    view.choose("Name of the manifest", "../outside").press("Save manifest")
    assert "'../outside' is no name" in view.errors
    assert not (here / "outside.parquet").exists()
    view.choose("Name of the manifest", "mine").press("Save manifest")
    assert "Go on to Train" in view.text
    saved = Manifest.load("manifests/mine.parquet")
    assert saved.class_names == ["bag", "sneaker", "trouser"]
    assert saved.root == clothes
    assert view.press("Go on to Train").widgets.title[0].value == "Train"
    assert next(box for box in view.widgets.selectbox if box.label == "Data").value == "manifests/mine.parquet"


def test_a_card_can_be_chosen(page):
    view = page("labels")
    assert view.widgets.selectbox[0].options == ["fashion_mini"]
    assert "Licence: MIT" in view.text


def test_every_format_can_be_chosen(page):
    view = page("labels").choose("Where are the images?", "A path on this machine")
    offered = next(box for box in view.widgets.selectbox if box.label == "Format").options
    assert offered == ["found by its content", *(format.title for format in FORMATS.values())]


def test_an_uploaded_folder_is_saved_and_looked_at(page, clothes, here):
    files = {str(p.relative_to(here)): p.read_bytes() for p in sorted(clothes.rglob("*")) if p.is_file()}
    view = page("labels").choose("Where are the images?", "Upload a folder").upload(files).press("Look at the images")
    assert "Images 30" in view.text
    assert "Left out of them: 1." in view.text
    (saved,) = (here / "manifests" / "uploads").glob("*/clothes")
    assert len(list(saved.glob("sneaker/*.png"))) == 10


def test_what_cannot_be_looked_at_is_said_in_a_sentence(page, here):
    view = page("labels").choose("Where are the images?", "A path on this machine")
    assert "Type the path" in view.press("Look at the images").errors
    view.choose("Folder or annotation file", str(here / "nowhere")).press("Look at the images")
    assert f"There is nothing at {here / 'nowhere'}" in view.errors
    view.choose("Where are the images?", "Upload a folder").press("Look at the images")
    assert "Nothing was uploaded" in view.errors


def test_one_class_can_be_seen_but_not_saved(page, clothes, here):
    (here / "one").mkdir()
    (clothes / "bag").rename(here / "one" / "bag")
    view = page("labels").choose("Where are the images?", "A path on this machine")
    view.choose("Folder or annotation file", str(here / "one")).press("Look at the images")
    assert "There is only one class, 'bag'" in view.errors
    assert "Save manifest" not in view.text


@pytest.fixture
def photos(here) -> Path:
    """Two real photos with boxes, as COCO's JSON states them."""
    folder = here / "photos"
    folder.mkdir()
    boxes = {
        "chelsea.png": [("cat", 110, 30, 250, 230)],
        "coffee.png": [("cup", 180, 60, 250, 270), ("spoon", 330, 90, 180, 90)],
    }
    names = ["cat", "cup", "spoon"]
    images, annotations = [], []
    for number, (file, drawn) in enumerate(boxes.items()):
        photo = Image.fromarray(getattr(skimage.data, Path(file).stem)())
        photo.save(folder / file)
        images.append({"id": number, "file_name": file, "width": photo.width, "height": photo.height})
        for label, *box in drawn:
            category = names.index(label) + 1
            annotations.append({"id": len(annotations), "image_id": number, "category_id": category, "bbox": box,
                                "iscrowd": 0, "area": box[2] * box[3]})  # fmt: skip
    categories = [{"id": number, "name": name} for number, name in enumerate(names, start=1)]
    text = json.dumps({"images": images, "annotations": annotations, "categories": categories})
    (folder / "instances.json").write_text(text)
    return folder


def test_boxes_are_drawn_and_cut_out(page, photos):
    view = page("labels").choose("Where are the images?", "A path on this machine")
    view.choose("Folder or annotation file", str(photos / "instances.json")).choose("An example is", "crop")
    view.press("Look at the images")
    assert "Images 2" in view.text
    assert "Boxes 3" in view.text
    assert "The boxes" in view.text
    assert re.findall(r">(cat|cup|spoon)</span>", view.html) == ["cat", "cup", "spoon"]
    left, top = re.search(r"left:([\d.]+)%;top:([\d.]+)%[^>]*><span[^>]*>cup", view.html).groups()
    assert (float(left), float(top)) == pytest.approx((100 * 180 / 600, 100 * 60 / 400), abs=0.01)
    view.choose("Class with boxes", "cat")
    assert re.findall(r">(cat|cup|spoon)</span>", view.html) == ["cat"]
    view.press("Save manifest")
    assert sorted(Manifest.load("manifests/instances.parquet").table["label"]) == ["cat", "cup", "spoon"]


def test_the_audit_shows_copies_and_a_cleaned_manifest_is_without_them(page, clothes):
    image = sorted((clothes / "bag").glob("*.png"))[0]
    shutil.copy(image, clothes / "sneaker" / "copy.png")
    view = page("labels").choose("Where are the images?", "A path on this machine")
    view.choose("Folder or annotation file", str(clothes)).press("Look at the images")
    assert "The audit" in view.text
    titles = [section.label for section in view.widgets.expander]
    assert "The same image with two labels (1)" in titles
    assert "bag; sneaker" in view.html
    view.choose("Clean it (--fix): leave out copies and what cannot be used, and give each class one name", True)
    view.press("Save manifest")
    kept = Manifest.load("manifests/clothes.parquet").table["image"]
    assert len(kept) == 29
    assert not {f"bag/{image.name}", "sneaker/copy.png"} & set(kept)


def test_uploaded_annotations_find_their_uploaded_images(page, photos):
    view = page("labels").choose("Where are the images?", "Upload annotations and images")
    view.upload({"instances.json": (photos / "instances.json").read_bytes()})
    view.upload({path.name: path.read_bytes() for path in photos.glob("*.png")}, place=1)
    view.press("Look at the images")
    assert "Images 1" in view.text  # the coffee has two classes
    assert "several classes: cup, spoon" in view.widgets.dataframe[0].value["reason"].iloc[0]


def test_several_answers_become_one_and_those_who_gave_them_are_shown(page, clothes):
    rows = ["HITId,AssignmentId,WorkerId,AssignmentStatus,Input.image_url,Answer.category.label"]
    for label in ("bag", "sneaker"):
        for path in sorted((clothes / label).glob("*.png")):
            for worker, answer in {"ann": label, "bob": label, "carl": "bag"}.items():
                rows.append(f"h,{len(rows)},{worker},Approved,{label}/{path.name},{answer}")
    (clothes / "results.csv").write_text("\n".join(rows))
    view = page("labels").choose("Where are the images?", "A path on this machine")
    view.choose("Folder or annotation file", str(clothes / "results.csv")).press("Look at the images")
    assert "Who labelled" in view.text
    annotators = next(table.value for table in view.widgets.dataframe if "skill" in table.value)
    assert annotators["agreement"].to_dict() == {"ann": 1.0, "bob": 1.0, "carl": 0.5}


def test_a_card_is_saved_and_known_by_its_name(page, clothes):
    view = page("labels").choose("Where are the images?", "A path on this machine")
    view.choose("Folder or annotation file", str(clothes)).press("Look at the images").press("Save manifest")
    assert "needs a title and a licence" in view.press("Save card").errors
    view.choose("Name of the data set", "wardrobe").choose("Title", "30 images of clothes")
    view.choose("Licence", "MIT").press("Save card")
    assert "Saved to datasets/wardrobe.toml" in view.text
    assert len(load_manifest("wardrobe").usable) == 30
    assert "already" in view.press("Save card").errors
