"""The command on a real run, and what it refuses."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import SAMPLE

VIEWS = (
    "layers", "filters", "units", "patches", "maximization", "embedding", "activations", "receptive_field", "neighbors",
)  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Three images of three classes and a file that is no image."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("bag", "sneaker", "trouser"):
        source = sorted((SAMPLE / "test" / name).iterdir())[-1]
        (folder / name).mkdir()
        shutil.copy(source, folder / name / f"{name}.png")
    (folder / "broken.png").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def bundle(small_run, tmp_path_factory):
    from imgcls.workflow.export import export_run

    return export_run(small_run.path, tmp_path_factory.mktemp("bundles"), "small")


@pytest.mark.thorough
def test_images_are_explained_and_a_broken_one_is_named(command, small_run, photos, tmp_path):
    result = command("explain.__main__", small_run.path, photos, "--output", tmp_path / "out")
    assert result.code == 3
    assert "1 file could not be explained" in result.out
    assert "broken.png" in result.out
    table = pd.read_csv(tmp_path / "out" / "explanation.csv", keep_default_na=False)
    assert len(table) == 3 * 2 + 1
    assert set(table["method"]) == {"grad_cam", "integrated_gradients", ""}
    assert table.loc[table["problem"] != "", "image"].str.endswith("broken.png").all()
    page = (tmp_path / "out" / "explanation.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 9
    assert "http" not in page.replace("http://www.w3.org/", "")
    with Image.open(tmp_path / "out" / "contact_sheet.png") as sheet:
        assert sheet.width > 600
    arrays = np.load(tmp_path / "out" / "0001-bag.npz")
    assert arrays["grad_cam"].shape == arrays["pixels"].shape[:2] == (28, 28)
    assert str(tmp_path / "out" / "explanation.html") in result.out


def test_the_true_class_is_explained_against_another(command, small_run, photos, tmp_path):
    flags = ("--target", "true", "--against", "sneaker", "--methods", "saliency", "--no-check", "--output", tmp_path)
    result = command("explain.__main__", small_run.path, photos / "bag", photos / "sneaker", *flags)
    assert result.code == 0
    table = pd.read_csv(tmp_path / "explanation.csv", keep_default_na=False)
    assert table["explained"].tolist() == ["bag against sneaker", "sneaker"]
    assert (table["deletion"] == "").all()


@pytest.mark.thorough
def test_every_view_of_a_run_is_written(command, small_run, photos, tmp_path):
    images = (photos / "bag", photos / "trouser")
    flags = ("--show", *VIEWS, "--reduction", "pca", "--most-images", 12, "--output", tmp_path)
    result = command("explain.__main__", small_run.path, *images, *flags)
    assert result.code == 0, result.err
    names = {path.name for path in tmp_path.iterdir()}
    assert {"filters.png", "units.csv", "units.png", "layers.csv", "embedding.csv", "explanation.html"} <= names
    assert any(name.startswith("patches-") for name in names)
    page = (tmp_path / "explanation.html").read_text()
    for said in ("First filters", "Units", "What excites", "Activations of", "Neighbors of bag.png"):
        assert said in page


@pytest.mark.thorough
def test_a_run_alone_is_shown_by_what_it_has_learned(command, small_run, tmp_path):
    result = command("explain.__main__", small_run.path, "--most-images", 8, "--output", tmp_path)
    assert result.code == 0
    assert "of 8 images" in result.out or "8 images" in result.out
    assert f"python -m imgcls.explain {small_run.path} photo.jpg" in result.out


@pytest.mark.thorough
def test_a_bundle_answers_as_its_run(command, small_run, bundle, photos, tmp_path):
    for source, folder in ((small_run.path, "run"), (bundle, "bundle")):
        flags = ("--methods", "grad_cam", "--no-check", "--output", tmp_path / folder)
        assert command("explain.__main__", source, photos / "bag", *flags).code == 0
    mine, theirs = (np.load(tmp_path / folder / "0001-bag.npz")["grad_cam"] for folder in ("run", "bundle"))
    np.testing.assert_allclose(mine, theirs, atol=1e-4 * np.abs(mine).max())


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--methods", "gradcam"), "Unknown method 'gradcam'. Did you mean 'grad_cam'?"),
        (("--layer", "stage1_blok1"), "no layer 'stage1_blok1' with a feature map. Did you mean 'stage1_block1'?"),
        (("--target", "bagg"), "knows no class 'bagg'. Did you mean 'bag'?"),
        (("--target", "bag", "--against", "bag"), "'bag' is explained against itself"),
        (("--show", "patches", "--units", 99999), "has no unit 99999"),
        (("--scales", 2), "--scales has 2.0; expected shares above 0 and up to 1."),
        (("--show", "photos"), "--show is 'photos'"),
    ],
)
@pytest.mark.thorough
def test_what_there_is_not_is_refused_with_the_nearest(command, small_run, photos, tmp_path, flags, said):
    result = command("explain.__main__", small_run.path, photos / "bag", *flags, "--output", tmp_path / "out")
    assert result.code == 2
    assert said in result.err


def test_what_a_view_needs_is_said_before_anything_is_loaded(command, small_run, bundle, tmp_path, monkeypatch):
    monkeypatch.setattr("imgcls.cli.command.import_tensorflow", lambda: pytest.fail("TensorFlow was imported"))
    for arguments, said in (
        ((), "Expected a run or a bundle"),
        ((tmp_path / "none",), "There is nothing at"),
        ((small_run.path, "--show", "why"), "--show why needs images, and none is named"),
        ((bundle, "--show", "patches"), "--show patches needs images to look at"),
        ((bundle, "a.jpg", "--show", "neighbors"), "looks among training images"),
    ):
        result = command("explain.__main__", *arguments)
        assert (result.code, said in result.err) == (2, True), result.err
