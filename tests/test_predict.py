import pandas as pd
import pytest
from PIL import Image
from skimage import data


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("coffee", "chelsea", "camera"):
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.png")
    return folder


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
    ],
)
def test_bad_arguments_are_refused(command, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    result = command("predict", *arguments)
    assert result.code == 2
    assert said in result.err
