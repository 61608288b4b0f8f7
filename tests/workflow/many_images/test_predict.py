"""Many images from beginning to end, with a predictor that says how bright they are."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from imgcls.workflow.many_images import parts_folder
from imgcls.workflow.many_images.inputs import images_of
from imgcls.workflow.many_images.parts_folder import PartsFolder
from imgcls.workflow.many_images.predict import ManyImages, predict_many
from imgcls.workflow.many_images.share import Share
from tests.conftest import ROOT
from tests.workflow.many_images.brightness import brightness, gray, write_grays

READ = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".jsonl": lambda path: pd.read_json(path, lines=True)}


def rows_in(folder):
    return pd.concat([READ[part.suffix](part) for part in sorted(folder.glob("part-*"))], ignore_index=True)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(parts_folder, "ROWS", 32)


@pytest.fixture
def photos(tmp_path):
    write_grays(tmp_path / "photos", 100)
    return tmp_path / "photos"


def asked(photos, **changes):
    return ManyImages("bright", [str(photos)], top=1, **changes)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.thorough
def test_a_file_holds_a_row_for_each_image(photos, tmp_path, suffix):
    (photos / "broken.png").write_bytes(gray(1)[:40])
    output = tmp_path / f"table{suffix}"
    summary = predict_many(brightness(), asked(photos, output=output))
    table = READ[suffix](output)
    assert list(table.columns) == ["image", "class", "probability", "problem"]
    assert table["image"].tolist() == [str(path) for path in sorted(photos.rglob("*.png"))]
    good = table[table["problem"].fillna("") == ""]
    assert good["class"].value_counts().to_dict() == {"dark": 50, "bright": 50}
    assert good["probability"].between(0.5, 1).all()
    assert table["probability"].isna().sum() == 1
    assert (summary.count, summary.problems, dict(summary.answers)) == (101, 1, {"dark": 50, "bright": 50})
    assert summary.reasons == {"a damaged or truncated PNG file (... bytes)": 1}


@pytest.mark.parametrize(("output", "parts"), [("table.csv", ""), ("parts", ".csv")])
def test_an_archive_without_an_image_is_refused_and_binds_to_nothing(photos, tmp_path, output, parts):
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("notes.txt", "no image")
    with pytest.raises(ValueError, match=r"There is no image in .*none\.zip"):
        predict_many(brightness(), asked(tmp_path / "none.zip", output=tmp_path / output, parts=parts))
    assert not (tmp_path / "table.csv").exists()
    assert predict_many(brightness(), asked(photos, output=tmp_path / output, parts=parts)).count == 100


def test_the_first_parts_are_there_soon_and_later_ones_are_few(tmp_path, monkeypatch):
    seconds = iter(range(1000))
    monkeypatch.setattr(parts_folder.time, "monotonic", lambda: next(seconds))
    monkeypatch.setattr(parts_folder, "SECONDS", 20.0)
    with PartsFolder(tmp_path / "parts", {}, ["image"], ".csv") as folder:
        for number in range(60):  # a second each
            folder.write(pd.DataFrame({"image": [str(number)]}))
        assert [len(pd.read_csv(part)) for part in folder.parts] == [5, 10, 20, 20]
    assert len(rows_in(folder.folder)) == 60


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_folder_goes_on_with_what_is_new(photos, tmp_path, suffix, small_parts):
    folder, numbers = tmp_path / "predictions", []
    request = asked(photos, output=folder, parts=suffix)
    assert predict_many(brightness(), request).count == 100
    assert len(list(folder.glob("part-*"))) == 4
    assert json.loads((folder / "_command.json").read_text())["is_whole"]
    write_grays(photos, 7, first=100)
    (photos / "0" / "00000.png").unlink()
    summary = predict_many(brightness(), request, lambda done, total=None: numbers.append(done))
    assert summary.count == 7
    assert numbers == [107]
    assert sorted(rows_in(folder)["image"]) == sorted([*map(str, photos.rglob("*.png")), str(photos / "0/00000.png")])
    assert predict_many(brightness(), request).count == 0
    if suffix == ".parquet":
        assert len(pd.read_parquet(folder)) == 107


def test_what_was_read_until_an_interruption_is_kept(photos, tmp_path, small_parts):
    folder = tmp_path / "predictions"

    def interrupt(done, total=None):
        if done == 48:
            raise KeyboardInterrupt

    request = asked(photos, output=folder, parts=".parquet")
    with pytest.raises(KeyboardInterrupt):
        predict_many(brightness(), request, interrupt)
    assert len(rows_in(folder)) == 48
    assert not json.loads((folder / "_command.json").read_text())["is_whole"]
    assert predict_many(brightness(), request).count == 52
    assert rows_in(folder)["image"].is_unique


KILLED = """
import sys, time
from pathlib import Path
from imgcls.workflow.many_images import parts_folder
from imgcls.workflow.many_images.predict import ManyImages, predict_many
from tests.workflow.many_images.brightness import brightness
parts_folder.ROWS = 32
photos, folder, sort_into = sys.argv[1], *map(Path, sys.argv[2:])
def progress(done, total=None):
    if done == 80:
        print("there", flush=True)
        time.sleep(600)
predict_many(brightness(), ManyImages("bright", [photos], 1, folder, ".parquet", sort_into=sort_into), progress)
"""


@pytest.mark.thorough
def test_killed_in_the_middle_and_started_again_it_has_every_image_once(photos, tmp_path, small_parts):
    folder = tmp_path / "predictions"
    line = [sys.executable, "-c", KILLED, str(photos), str(folder), str(tmp_path / "sorted")]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as first:
        assert first.stdout.readline() == b"there\n"
        with pytest.raises(ValueError, match="Another process writes"):
            predict_many(brightness(), asked(photos, output=folder, parts=".parquet"))
        os.kill(first.pid, signal.SIGKILL)
    assert len(rows_in(folder)) == 64  # two whole parts
    write_grays(photos, 10, first=100)
    predict_many(brightness(), asked(photos, output=folder, parts=".parquet", sort_into=tmp_path / "sorted"))
    rows = rows_in(folder)
    assert sorted(rows["image"]) == sorted(map(str, photos.rglob("*.png")))
    assert sorted(path.name for path in (tmp_path / "sorted").rglob("*.png")) == sorted(
        path.name for path in photos.rglob("*.png")
    )
    assert not list(tmp_path.rglob(".partial*"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputs": ["other"]}, r"\(the images were /.*/photos, now other\)"),
        ({"top": 2}, r"\(--top was 1, now 2\)"),
        ({"source": "b"}, r"\(the model was bright, now b\)"),
        ({"precision": "int8"}, r"\(--engine computed in float32, now in int8\)"),
        ({"parts": ".jsonl"}, r"\(--parts was csv, now jsonl\)"),
    ],
)
def test_a_folder_of_another_command_is_refused(photos, tmp_path, changes, said):
    request = asked(photos, output=tmp_path / "predictions", parts=".csv")
    predict_many(brightness(), request)
    other = ManyImages(**{**vars(request), **changes})
    with pytest.raises(ValueError, match=f"predictions of another command .*{said}"):
        predict_many(brightness(), other)
    (tmp_path / "predictions" / "_command.json").unlink()
    with pytest.raises(ValueError, match="holds parts, and no"):
        predict_many(brightness(), request)


def test_shares_hold_every_image_once_and_may_share_a_folder(photos, tmp_path):
    counts = []
    for number in (1, 2, 3):
        request = asked(photos, output=tmp_path / "all", parts=".csv", share=Share(number, 3))
        counts.append(predict_many(brightness(), request).count)
    assert sum(counts) == 100
    assert min(counts) > 15
    assert sorted(rows_in(tmp_path / "all")["image"]) == sorted(map(str, photos.rglob("*.png")))
    assert len(list((tmp_path / "all").glob("_command-*of3.json"))) == 3


def test_shares_divide_the_images_of_an_archive_in_a_folder_and_go_on(photos, tmp_path):
    with zipfile.ZipFile(photos / "more.zip", "w") as archive:
        for number in range(40):
            archive.writestr(f"{number}.png", gray(number))
    inside = [f"{photos}/more.zip/{number}.png" for number in range(40)]
    for number in (1, 2):
        request = asked(photos, output=tmp_path / "all", parts=".csv", share=Share(number, 2))
        assert 40 < predict_many(brightness(), request).count < 100
        assert predict_many(brightness(), request).count == 0
    rows = rows_in(tmp_path / "all")
    assert sorted(rows["image"]) == sorted([*map(str, photos.rglob("*.png")), *inside])
    assert rows["problem"].isna().all()


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({}, {"share": Share(1, 2)}, r"\(--shards was 1/1, now 1/2\)"),
        ({"share": Share(1, 2)}, {}, r"\(--shards was 1/2, now 1/1\)"),
        ({"share": Share(1, 2)}, {"share": Share(2, 3)}, r"\(--shards was 1/2, now 2/3\)"),
        ({"share": Share(1, 2)}, {"share": Share(2, 2), "source": "b"}, "the model was bright"),
        ({"share": Share(1, 2)}, {"share": Share(2, 2), "inputs": ["other"]}, "the images were"),
        ({"share": Share(1, 2)}, {"share": Share(2, 2), "parts": ".csv"}, "--parts was parquet, now csv"),
    ],
)
def test_a_share_beside_those_of_another_command_is_refused(photos, tmp_path, first, second, said):
    request = asked(photos, output=tmp_path / "predictions", parts=".parquet")
    predict_many(brightness(), ManyImages(**{**vars(request), **first}))
    before = sorted(path.name for path in request.output.iterdir())
    with pytest.raises(ValueError, match=f"predictions of another command .*{said}"):
        predict_many(brightness(), ManyImages(**{**vars(request), **second}))
    assert sorted(path.name for path in request.output.iterdir()) == before


def test_inputs_that_are_named_in_another_way_get_no_second_row(photos, tmp_path, monkeypatch):
    """An image is known by its name, which begins with what was typed."""
    monkeypatch.chdir(tmp_path)
    request = asked("photos", output=tmp_path / "predictions", parts=".csv")
    predict_many(brightness(), request)
    with pytest.raises(ValueError, match=r"\(the images were named as photos, now as /"):
        predict_many(brightness(), ManyImages(**{**vars(request), "inputs": [str(photos)]}))
    assert predict_many(brightness(), ManyImages(**{**vars(request), "inputs": ["./photos/"]})).count == 0


def test_a_folder_of_an_imgcls_that_noted_less_goes_on(photos, tmp_path):
    request = asked(photos, output=tmp_path / "predictions", parts=".csv")
    predict_many(brightness(), request)
    record = request.output / "_command.json"
    before = json.loads(record.read_text())
    record.write_text(json.dumps({name: value for name, value in before.items() if name not in ("named", "source")}))
    assert predict_many(brightness(), request).count == 0


def test_parts_of_another_share_whose_command_is_not_known_are_refused(photos, tmp_path):
    request = asked(photos, output=tmp_path / "predictions", parts=".csv", share=Share(1, 2))
    predict_many(brightness(), request)
    (request.output / "_command-1of2.json").unlink()
    with pytest.raises(ValueError, match=r"holds parts, and no _command-1of2\.json"):
        predict_many(brightness(), ManyImages(**{**vars(request), "share": Share(2, 2)}))


def test_shares_may_begin_at_the_same_time(photos, tmp_path):
    requests = [asked(photos, output=tmp_path / "all", parts=".csv", share=Share(number, 4)) for number in (1, 2, 3, 4)]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda request: predict_many(brightness(), request).count, requests))
    assert sum(counts) == 100
    assert sorted(rows_in(tmp_path / "all")["image"]) == sorted(map(str, photos.rglob("*.png")))


def test_a_second_start_knows_the_rows_and_the_problems_of_the_first(photos, tmp_path):
    (photos / "broken.png").write_bytes(gray(1)[:40])
    request = asked(photos, output=tmp_path / "predictions", parts=".parquet")
    first = predict_many(brightness(), request)
    assert (first.before, first.problems_before, first.problems) == (0, 0, 1)
    write_grays(photos, 7, first=100)
    second = predict_many(brightness(), request)
    assert (second.count, second.before, second.problems_before, second.problems) == (7, 101, 1, 0)


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4"])
def test_shares_that_are_none(text):
    with pytest.raises(ValueError, match="expected a number and how many"):
        Share.parse(text)


def test_an_image_that_is_named_twice_is_predicted_once(photos):
    request = ManyImages("bright", [str(photos / "1"), str(photos), f"{photos}/*/*.png"])
    assert predict_many(brightness(), request).count == 100


def test_no_list_of_the_images_is_held(photos, tmp_path, monkeypatch):
    taken = done = most = 0

    def endless(*_):
        nonlocal taken
        for image in images_of([str(photos)] * 20, lambda name: True):
            taken += 1
            yield image._replace(name=f"{taken}-{image.name}")

    def progress(count, total=None):
        nonlocal done, most
        done = count
        most = max(most, taken - done)

    monkeypatch.setattr("imgcls.workflow.many_images.predict.images_of", endless)
    summary = predict_many(brightness(), asked(photos, output=tmp_path / "table.parquet"), progress)
    assert summary.count == done == 2000
    assert most <= 16 * 12  # batches that are read ahead, of 2,000 images
    assert sum(len(names) for names, _ in summary.first) < 120


def test_the_total_is_known_while_it_works(photos):
    totals = []

    def progress(done, total=None):
        deadline = time.monotonic() + 10
        while not totals and time.monotonic() < deadline and total is None:
            return
        totals.append(total)

    for _ in range(20):
        predict_many(brightness(), asked(photos), progress)
        if totals:
            break
    assert set(totals) == {100}
