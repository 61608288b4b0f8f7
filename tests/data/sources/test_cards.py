import json
import shutil

import pytest

from imgcls.config import LabelsConfig
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.cards import Card, load_card, save_card
from imgcls.data.sources.load import load_manifest


@pytest.fixture
def project(tmp_path, small_data, monkeypatch):
    """A working folder with images and a COCO file, in which there are no cards yet."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    images, annotations = [], []
    for number, name in enumerate(["bag"] * 4 + ["trouser"] * 4):
        image = sorted((small_data / "train" / name).iterdir())[number]
        shutil.copy(image, tmp_path / "scans" / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": 28, "height": 28})
        annotations.append({"id": number, "image_id": number, "category_id": len(name), "bbox": [1, 2, 20, 20]})
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 3, "name": "bag"}, {"id": 7, "name": "trouser"}],
    }
    (tmp_path / "scans" / "boxes.json").write_text(json.dumps(content))
    (tmp_path / "names.csv").write_text("from,to\nbag,Tasche\n")
    return tmp_path


def card(**labels) -> Card:
    return Card("catalogue", "Scanned catalogue", "scans/boxes.json", "CC0", labels=LabelsConfig(**labels))


def test_a_saved_card_comes_back_and_moves_with_its_project(project, monkeypatch):
    path = save_card(card(boxes="crop", box_margin=0.5, rename="names.csv"))
    assert path.read_text().count(str(project)) == 0
    moved = shutil.copytree(project, project.parent / f"{project.name}-moved")
    monkeypatch.chdir(moved)
    loaded = load_card("catalogue")
    assert loaded.source == str(moved / "scans" / "boxes.json")
    assert loaded.labels == LabelsConfig(boxes="crop", box_margin=0.5, rename=str(moved / "names.csv"))
    assert (loaded.title, loaded.licence) == ("Scanned catalogue", "CC0")


@pytest.mark.thorough
def test_every_command_takes_the_name(project, small_run, command):
    save_card(card(boxes="crop", rename="names.csv"))
    manifest = load_manifest("catalogue")
    assert manifest.counts()["unsplit"].to_dict() == {"Tasche": 4, "trouser": 4}
    assert manifest.boxes(manifest.table).tolist() == [[1, 2, 21, 22]] * 8
    assert command("import_labels", "catalogue", "--output", "m.parquet", "--boxes", "largest").code == 0
    assert Manifest.load("m.parquet").boxes(Manifest.load("m.parquet").table) is None
    assert command("import_labels", "catalogue", "--output", "m.parquet").code == 0
    assert Manifest.load("m.parquet").table.attrs["boxes"] == "crop"
    result = command("predict", small_run.path, "catalogue")
    assert result.code == 0
    assert "scans/7.png" in result.out


@pytest.mark.thorough
def test_a_run_is_judged_on_a_card(project, small_run, command):
    run = shutil.copytree(small_run.path, project / "run")
    save_card(card())
    result = command("evaluate", run, "--data", "catalogue")
    assert result.code == 0, result.err
    (judgement,) = run.glob("evaluation-catalogue-*.json")
    figures = json.loads(judgement.read_text())
    assert (figures["images"], figures["data"]) == (8, "catalogue")
    assert judgement.with_name(judgement.name.replace("evaluation", "report")).with_suffix(".html").is_file()
    assert not (run / "evaluation.json").exists()
    save_card(card(rename="names.csv"), replace=True)
    assert "does not know: 'Tasche' (4 images)" in command("evaluate", run, "--data", "catalogue").err


def test_a_card_is_not_overwritten_and_needs_a_name_of_a_file(project):
    save_card(card())
    with pytest.raises(FileExistsError, match="Choose another name"):
        save_card(card())
    for name in ("../up", "", ".hidden", "a b"):
        with pytest.raises(ValueError, match="A card is called"):
            save_card(Card(name, "x", "scans", "x"))


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ('boxs = "crop"', "unknown field 'boxs'. Did you mean 'boxes'?"),
        ('boxes = "corp"', "boxes"),
        ("box_margin = 0.5", "Add --boxes crop"),
        ("boxes = 3", "boxes"),
    ],
)
def test_a_broken_card_is_refused_with_its_file(project, field, sentence):
    path = save_card(card())
    path.write_text(path.read_text() + field)
    with pytest.raises(ValueError, match=r"catalogue\.toml") as raised:
        load_card("catalogue")
    assert sentence in str(raised.value)


def test_a_name_that_is_no_card_is_refused_with_a_folder_that_is_called_so(project):
    (project / "my photos").mkdir()
    with pytest.raises(ValueError, match=r"nor a data set card\. Did you mean 'my photos'\? There are (the|no) cards"):
        load_card("photos")
