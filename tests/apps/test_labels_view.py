"""The first view: from a folder to a manifest."""

from imgcls.data.manifest import Manifest


def test_a_folder_becomes_a_manifest_and_the_next_step_is_named(page, clothes, here):
    view = page("labels").choose("Where are the images?", "A folder on this machine")
    view.choose("Folder", str(clothes)).press("Look at the images")
    assert "Images 30" in view.text
    assert "Classes 3" in view.text
    assert "1 of 31 files cannot be used" in view.text
    assert view.widgets.dataframe[0].value.iloc[0].tolist() == [
        "bag/notes.txt",
        "no image that can be read; expected JPEG, PNG, GIF, BMP or WebP",
    ]
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


def test_an_uploaded_folder_is_saved_and_looked_at(page, clothes, here):
    files = {str(p.relative_to(here)): p.read_bytes() for p in sorted(clothes.rglob("*")) if p.is_file()}
    view = page("labels").choose("Where are the images?", "Upload a folder").upload(files).press("Look at the images")
    assert "Images 30" in view.text
    assert "1 of 31 files cannot be used" in view.text
    (saved,) = (here / "manifests" / "uploads").glob("*/clothes")
    assert len(list(saved.glob("sneaker/*.png"))) == 10


def test_what_cannot_be_looked_at_is_said_in_a_sentence(page, here):
    view = page("labels").choose("Where are the images?", "A folder on this machine")
    assert "Type the path" in view.press("Look at the images").errors
    view.choose("Folder", str(here / "nowhere")).press("Look at the images")
    assert f"There is nothing at {here / 'nowhere'}" in view.errors
    view.choose("Where are the images?", "Upload a folder").press("Look at the images")
    assert "Nothing was uploaded" in view.errors


def test_one_class_can_be_seen_but_not_saved(page, clothes, here):
    (here / "one").mkdir()
    (clothes / "bag").rename(here / "one" / "bag")
    view = page("labels").choose("Where are the images?", "A folder on this machine")
    view.choose("Folder", str(here / "one")).press("Look at the images")
    assert "There is only one class, 'bag'" in view.errors
    assert "Save manifest" not in view.text
