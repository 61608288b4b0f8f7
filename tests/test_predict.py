import io
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage import data

from imgcls.data.manifest.table import Manifest
from imgcls.image_files import WHAT_IS_READ, shown_name
from imgcls.workflow.export import export_run
from tests.conftest import ROOT
from tests.data.images.every_format import NOT_UTF8, write_every_format

README = ROOT / "README.md"


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("coffee", "chelsea", "camera"):
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.png")
    return folder


@pytest.mark.thorough
def test_everyday_photos_get_their_imagenet_names(photos, command, tmp_path):
    result = command("predict", photos, "--model", "efficientnet_lite0", "--output", tmp_path / "table.csv")
    assert result.code == 0
    named = pd.read_csv(tmp_path / "table.csv").set_index("image")["class"]
    named.index = [path.rsplit("/", 1)[-1] for path in named.index]
    assert named["coffee.png"] == "espresso"
    assert named["camera.png"] == "tripod"
    assert "cat" in named["chelsea.png"].lower()
    assert "espresso" in result.out


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.thorough
def test_what_cannot_be_read_stands_in_the_table_and_the_rest_is_predicted(
    small_run, small_data, command, tmp_path, ending
):
    good = sorted((small_data / "test" / "trouser").iterdir())
    (tmp_path / "zero.png").touch()
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "half.png").write_bytes(good[0].read_bytes()[:150])
    output = tmp_path / f"table.{ending}"
    result = command(
        "predict",
        small_run.path,
        small_data / "test" / "trouser",
        tmp_path / "*.png",
        "missing.png",
        "--output",
        output,
    )
    assert result.code == 3
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "jsonl": lambda path: pd.read_json(path, lines=True)}[
        ending
    ]
    table = read(output)
    assert len(table) == len(good) + 4
    bad = table[table["problem"].fillna("") != ""]
    assert sorted(path.rsplit("/", 1)[-1] for path in bad["image"]) == [
        "half.png",
        "missing.png",
        "text.png",
        "zero.png",
    ]
    assert bad["probability"].isna().all()
    predicted = table[table["problem"].fillna("") == ""]
    assert predicted["probability"].between(1 / 3, 1).all()
    assert "4 of 14 files could not be read" in result.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "a run or bundle, and then images"),
        (["nowhere", "a.png"], "nothing at nowhere"),
        (["a.png", "--model", "lenet_5"], "Unknown architecture 'lenet_5'"),
        (["a.png", "--model", "resnet20"], "no weights 'imagenet'"),
        (["runs", "a.png", "--top", "0"], "--top is 0"),
        (["runs", "a.png", "--output", "table.xls"], "ends in .csv, .jsonl, .parquet"),
        (["runs", "a.png", "--shards", "5/4"], "--shards is '5/4'"),
        (["runs", "a.png", "--link"], "name one with --sort-into FOLDER"),
        (["runs", "a.png", "--fetch-seconds", "0"], "--fetch-seconds is 0.0; expected more than 0"),
        (["labels.csv", "--model", "lenet_5"], "labels.csv has no column of images"),
    ],
)
def test_bad_arguments_are_refused(command, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.csv").write_text("label\ncat\n")
    result = command("predict", *arguments)
    assert result.code == 2
    assert said in result.err


@pytest.fixture(scope="module")
def every_file(tmp_path_factory) -> list[Path]:
    return write_every_format(tmp_path_factory.mktemp("every"), Image.fromarray(data.chelsea()).resize((24, 18)))


@pytest.fixture(scope="module")
def small_bundle(small_run, tmp_path_factory) -> Path:
    return export_run(small_run, tmp_path_factory.mktemp("bundles"), "small").parent


@pytest.mark.thorough
def test_a_run_and_its_bundle_predict_what_training_reads_and_name_the_rest(
    small_run, small_bundle, every_file, command, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    folder, tables = every_file[0].parents[1], {}
    assert command("import_labels", folder).code == 3
    trained_on = Manifest.load("manifest.parquet")
    for source in (small_run.path, small_bundle):
        result = command("predict", source, folder, "--output", "table.csv")
        assert result.code == 3
        assert "Read as a PNG made of it" in result.out
        table = pd.read_csv("table.csv", keep_default_na=False).set_index("image")
        assert list(table.index) == [shown_name(path) for path in every_file]
        tables[source] = table
    read = {image for image, problem in table["problem"].items() if not problem}
    assert read == {str(folder / image) for image in [*trained_on.usable["image"], f"amiss/{shown_name(NOT_UTF8)}"]}
    run, bundle = (table.loc[sorted(read)] for table in tables.values())
    assert (run["class"] == bundle["class"]).all()
    assert np.abs(run["probability"].astype(float) - bundle["probability"].astype(float)).max() < 1e-4
    for name in ("probability", "problem"):
        assert (tables[small_run.path][name] == "").equals(table[name] == "")


@pytest.mark.parametrize("source", [pytest.param("run", marks=pytest.mark.slow), "bundle"])
@pytest.mark.thorough
def test_openvino_predicts_the_same(small_run, small_bundle, small_data, command, tmp_path, source):
    tables = {}
    for engine in ("tensorflow", "openvino"):
        output = tmp_path / f"{engine}.csv"
        named = small_run.path if source == "run" else small_bundle
        result = command("predict", named, small_data / "test", "--engine", engine, "--output", output)
        assert result.code == 0
        tables[engine] = pd.read_csv(output)
    one, other = tables.values()
    assert one["class"].equals(other["class"])
    assert 0 < np.abs(one["probability"] - other["probability"]).max() < 1e-4


@pytest.mark.thorough
def test_a_format_that_the_bundle_holds_predicts(small_run, small_data, command, tmp_path):
    bundle = export_run(small_run, tmp_path, "formats", ["onnx"], precisions=["int8"], most_accuracy_loss=1.0)
    tables = {}
    for engine in ("tensorflow", "onnx", "onnx-int8"):
        output = tmp_path / f"{engine}.csv"
        assert command("predict", bundle, small_data / "test", "--engine", engine, "--output", output).code == 0
        tables[engine] = pd.read_csv(output)
    expected = tables["tensorflow"]["probability"]
    assert 0 < np.abs(tables["onnx"]["probability"] - expected).max() < 1e-4
    assert np.abs(tables["onnx-int8"]["probability"] - expected).max() > 1e-4  # another precision
    result = command("predict", bundle, small_data / "test", "--engine", "litert")
    assert result.code == 2
    assert "holds saved_model, onnx, onnx-int8, and no litert" in result.err
    assert "Did you mean 'onnx'?" in command("predict", bundle, small_data / "test", "--engine", "onx").err
    assert command("predict", bundle, small_data / "test", "--output", tmp_path / "parts").code == 0
    other = command("predict", bundle, small_data / "test", "--output", tmp_path / "parts", "--engine", "onnx-int8")
    assert "holds predictions of another command (--engine computed in float32, now in int8)" in other.err


def test_many_images_are_summed_up_and_a_second_start_adds_what_is_new(small_run, small_data, command, tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(bytes(range(number)))
    line = ["predict", small_run.path, small_data, tmp_path / "*.png", "--output", f"{tmp_path}/predictions/",
            "--sort-into", tmp_path / "sorted"]  # fmt: skip
    result = command(*line)
    assert result.code == 3
    for said in ("153 images:", "3 of 153 files could not be read:", "the file is empty (... bytes)", "The first of"):
        assert said in result.out
    table = pd.read_parquet(tmp_path / "predictions" / "part-00000.parquet")
    assert len(table) == 153
    sorted_images = [path.parent.name for path in (tmp_path / "sorted").rglob("*.png")]
    good = table[table["problem"] == ""]
    assert {name: sorted_images.count(name) for name in set(sorted_images) - {"_problems"}} == good[
        "class"
    ].value_counts().to_dict()
    again = command(*line)
    assert again.code == 3
    assert "There is nothing to predict that is not in" in again.out
    assert f"Of the 153 files whose rows were in {tmp_path}/predictions already, 3 could not be read" in again.out
    other = command(*line, "--top", "1")
    assert other.code == 2
    assert "holds predictions of another command (--top was 3, now 1)" in other.err


def test_a_second_start_claims_no_copies_of_what_it_did_not_copy(small_run, small_data, command, tmp_path):
    source = small_data / "test" / "bag"
    line = ["predict", small_run.path, source, "--output", f"{tmp_path}/predictions/"]
    assert command(*line).code == 0
    sort = ["--sort-into", tmp_path / "sorted"]
    second = command(*line, *sort)
    assert second.code == 0
    assert "Copies by class" not in second.out
    already = f"Rows of 10 images were in {tmp_path}/predictions already; this start copied none of these."
    assert already in second.out
    assert "leave out --output" in second.out
    (tmp_path / "new.png").write_bytes(next(source.iterdir()).read_bytes())
    more = ["predict", small_run.path, tmp_path / "*.png", "--output", f"{tmp_path}/more/"]
    assert f"Copies by class are in {tmp_path}/sorted: 1 new file\n" in command(*more, *sort).out
    (tmp_path / "newer.png").write_bytes((tmp_path / "new.png").read_bytes())
    third = command(*more, *sort)
    assert f"Copies by class of the 1 image that came now are in {tmp_path}/sorted" in third.out
    assert f"Rows of 1 image were in {tmp_path}/more already; this start copied none of these." in third.out
    fourth = command("predict", small_run.path, tmp_path / "*.png", *sort)
    assert (
        f"in {tmp_path}/sorted: 0 new files; 2 more would equal a file of the same name that is there\n" in fourth.out
    )


def test_what_libraries_print_of_a_file_is_kept_away(small_run, command, tmp_path):
    image, jpeg, tiff = Image.fromarray(data.chelsea()), io.BytesIO(), io.BytesIO()
    image.save(jpeg, "JPEG")
    image.save(tiff, "TIFF", compression="tiff_lzw")
    (tmp_path / "noisy.jpg").write_bytes(jpeg.getvalue()[:-2] + b"garbage" + jpeg.getvalue()[-2:])
    damaged = bytearray(tiff.getvalue())
    damaged[len(damaged) // 2 : len(damaged) // 2 + 40] = bytes(range(40))
    (tmp_path / "noisy.tif").write_bytes(damaged)
    result = command("predict", small_run.path, tmp_path)
    assert "noisy.jpg" in result.out
    assert result.err == ""


COMMANDS = [import_module(f"imgcls.{name}") for name in ("predict", "import_labels", "audit")]


@pytest.mark.parametrize("text", [*(command.__doc__ for command in COMMANDS), README.read_text("utf-8")])
def test_what_is_read_is_said_in_the_same_words_everywhere(text):
    assert WHAT_IS_READ in " ".join(text.split())
