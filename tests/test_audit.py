import hashlib
import json
import re

import pandas as pd
import pytest

from imgcls.data.manifest.table import Manifest
from tests.data.image_samples import encoded, half, kinds_of_files, photos, write


def checksums(folder) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    """Photos of two classes in two splits, with every defect."""
    images, folder = photos(), tmp_path_factory.mktemp("data") / "spoilt"
    for i, (name, image) in enumerate(images.items()):
        write(folder / "train" / ("person", "thing")[i % 2], {f"{name}.jpg": encoded(image)})
    write(
        folder / "test" / "person",
        {"leak.jpg": encoded(half(images["chelsea"])), "moon.png": encoded(images["moon"], "PNG")},
    )
    return write(folder / "train" / "Thing", kinds_of_files(images["astronaut"])).parents[1]


def test_all_that_is_wrong_is_told_written_and_left_out(command, spoilt, here):
    before = checksums(spoilt)
    result = command("audit", spoilt, "--fix", "cleaned.parquet")
    assert result.code == 3
    assert result.err == ""
    report = json.loads((here / "audits" / "spoilt" / "audit.json").read_text("utf-8"))
    kinds = {finding["kind"] for finding in report["findings"]}
    assert kinds >= {
        "unusable", "too large", "same image in two splits", "same image, two labels", "class not in a split",
        "names alike", "turned copies", "damaged", "wrong extension", "tiny", "extreme aspect", "one colour",
        "animated", "CMYK", "16-bit", "alpha", "turned", "transcoded",
    }  # fmt: skip
    leaks = [set(f["images"]) for f in report["findings"] if f["kind"] == "same image in two splits"]
    assert {"test/person/leak.jpg", "train/person/chelsea.jpg"} in leaks
    assert report["counts"]["error"] == sum(f["severity"] == "error" for f in report["findings"])
    assert "python -m imgcls.train --data cleaned.parquet" in result.out

    page = (here / "audits" / "spoilt" / "audit.html").read_text("utf-8")
    assert page.count("data:image/jpeg;base64,") > 20
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)  # nothing is fetched
    assert "bomb.png" in page

    cleaned = Manifest.load("cleaned.parquet")
    left_out = pd.read_csv("cleaned.left_out.csv")
    assert cleaned.problems.empty
    assert len(cleaned.table) + (left_out["effect"] == "left out").sum() == len(before)
    assert left_out["reason"].notna().all()
    assert checksums(spoilt) == before
    assert command("audit", "cleaned.parquet", "--output", "again").out.count("same image") == 0


def test_images_that_only_look_bad_are_told_and_kept(command, here):
    images = photos()
    for i, (name, image) in enumerate(images.items()):
        if name != "clock":  # which is blurred
            write(here / "photos" / ("even", "odd")[i % 2], {f"{name}.png": encoded(image, "PNG")})
    dark = images["coffee"].crop((0, 0, 96, 96)).point(lambda level: level // 5)
    write(here / "photos" / "even", {"night.png": encoded(dark, "PNG")})
    result = command("audit", "photos", "--fix", "cleaned.parquet", "--strict")
    assert result.code == 0
    report = json.loads((here / "audits" / "photos" / "audit.json").read_text("utf-8"))
    found = {f["kind"]: (f["severity"], f["images"]) for f in report["findings"]}
    assert found["dark"] == ("warning", ["even/night.png"])
    assert found.keys() == {"dark", "few examples"}
    assert "even/night.png" in (here / "audits" / "photos" / "audit.html").read_text("utf-8")
    assert "even/night.png" in Manifest.load("cleaned.parquet").table["image"].tolist()
    assert "python -m imgcls.train --data photos" in command("audit", "photos").out  # --fix would change nothing


def test_the_next_command_can_be_typed_where_a_name_has_a_space(command, here):
    photo = encoded(photos()["coffee"])
    write(here / "my photos", {"cat/a.jpg": photo, "cat/b.jpg": photo, "dog/c.jpg": b""})
    assert "python -m imgcls.audit 'my photos' --fix cleaned.parquet\n" in command("audit", "my photos").out
    fixed = command("audit", "my photos", "--fix", "all well.parquet")
    assert "python -m imgcls.train --data 'all well.parquet'\n" in fixed.out


def test_strict_fails_at_an_error_and_only_there(command, small_data, here):
    write(small_data.parent / "broken", {"cat/a.jpg": b"", "dog/b.jpg": b"\xff\xd8\xff"})
    assert command("audit", small_data.parent / "broken", "--strict").code == 1
    result = command("audit", small_data, "--strict")
    assert "validation" not in result.out
    assert result.code == 0


def test_annotations_are_audited_with_what_their_importer_told(command, here):
    write(here / "images", {"a.jpg": encoded(photos()["coffee"]), "b.jpg": encoded(photos()["chelsea"])})
    boxes = [(1, [10, 10, 50, 40], 1), (1, [0, 0, 20, 20], 2), (9, [0, 0, 20, 20], 2)]
    annotations = [{"id": i, "image_id": image, "bbox": box, "category_id": category, "iscrowd": 0, "area": 1}
                   for i, (image, box, category) in enumerate(boxes)]  # fmt: skip
    images = [{"id": 1, "file_name": "a.jpg", "width": 192, "height": 128},
              {"id": 2, "file_name": "b.jpg", "width": 192, "height": 128}]  # fmt: skip
    categories = [{"id": 1, "name": "cup"}, {"id": 2, "name": "cat"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (here / "images" / "instances.json").write_text(json.dumps(content), "utf-8")
    result = command("audit", "images/instances.json", "--boxes", "crop")
    report = json.loads((here / "audits" / "instances" / "audit.json").read_text("utf-8"))
    (told, *_) = [f["why"] for f in report["findings"] if f["kind"] == "annotation left out"]
    assert "instances.json" in told
    assert result.code == 3  # a class of one example cannot be divided


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere.parquet",), "nowhere"),
        (("small", "--fix", "cleaned.csv"), "--fix is cleaned.csv; expected a file that ends in .parquet."),
        (("mine.parquet", "--fix", "mine.parquet"), "which is never changed"),
    ],
)
def test_what_cannot_be_audited_is_refused_in_a_sentence(command, here, arguments, sentence):
    result = command("audit", *arguments)
    assert result.code == 2
    assert sentence in result.err
    assert not (here / "audits").exists()
