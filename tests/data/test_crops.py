"""An example that is a box of its image: everything after the decoding sees the box alone."""

import json
import shutil

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import tensorflow as tf

from imgcls.config import InputConfig, TrainConfig
from imgcls.data.augmentation import Augmentation, from_preset
from imgcls.data.batches.examples import LabeledImages
from imgcls.data.batches.pipeline import BatchOptions, evaluation_batches, training_batches
from imgcls.data.images.preprocessing import Preprocessing, preprocess
from imgcls.data.images.reading import read_images
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.pages.thumbnails import thumbnail
from imgcls.labels.records import BOX
from imgcls.workflow.create import create_run

SMALL = Preprocessing(16, 16)
WHOLE = [np.nan] * 4
RED, BLUE = (220, 30, 30), (30, 30, 220)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """80 by 40: red on the left, blue on the right of x = 50."""
    pixels = np.empty((40, 80, 3), np.uint8)
    pixels[:, :50], pixels[:, 50:] = RED, BLUE
    path = tmp_path_factory.mktemp("crops") / "two.png"
    PIL.Image.fromarray(pixels).save(path)
    return path


def color(pixels: np.ndarray) -> tuple[int, ...] | None:
    """The only colour of some pixels; None if there are several."""
    colors = np.unique(np.round(pixels).reshape(-1, 3), axis=0)
    return tuple(int(channel) for channel in colors[0]) if len(colors) == 1 else None


@pytest.mark.thorough
def test_training_sees_the_box_alone_whatever_region_is_drawn(photo):
    boxes = np.array([[2, 3, 50, 30], [50, 0, 80, 40]], np.float32)
    batches = training_batches(
        LabeledImages([photo, photo], [0, 1], 2, boxes),
        SMALL,
        BatchOptions(2, 0, augmentation=Augmentation(from_preset("light"))),
        steps=20,
    )
    seen = [(int(target.argmax()), color(image)) for _, images, targets, _ in batches.as_numpy_iterator()
            for image, target in zip(images, targets, strict=True)]  # fmt: skip
    assert len(seen) == 40
    assert set(seen) == {(0, RED), (1, BLUE)}


@pytest.mark.thorough
def test_evaluation_and_prediction_see_the_box_and_whole_images_stay_whole(photo):
    boxes = np.array([[2, 3, 50, 30], WHOLE, [50, 0, 80, 40]], np.float32)
    paths = [photo] * 3
    (batch,) = evaluation_batches(paths, SMALL, boxes=boxes, batch_size=4).as_numpy_iterator()
    read = [outcome.result for outcome in read_images(paths, SMALL, boxes)]
    for images in (batch[1], read):
        assert [color(image) for image in images] == [RED, None, BLUE]
        assert np.array_equal(images[1], preprocess(photo.read_bytes(), SMALL))


def test_a_crop_is_what_the_cut_out_file_would_be(photo, tmp_path):
    PIL.Image.open(photo).crop((40, 10, 61, 39)).save(tmp_path / "cut.png")
    expected = preprocess((tmp_path / "cut.png").read_bytes(), SMALL)
    got = preprocess(photo.read_bytes(), SMALL, box=tf.constant([40.0, 10.2, 60.5, 39.0]))
    assert np.array_equal(got, expected)


def test_the_box_is_of_the_upright_image(tmp_path):
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :40], pixels[:, 40:] = RED, BLUE
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turned: what is stored at the left is shown at the top
    path = tmp_path / "turned.png"
    PIL.Image.fromarray(pixels).save(path, exif=exif)
    assert color(preprocess(path.read_bytes(), SMALL, box=tf.constant([0.0, 0.0, 40.0, 40.0])).numpy()) == RED
    assert color(preprocess(path.read_bytes(), SMALL, box=tf.constant([0.0, 40.0, 40.0, 80.0])).numpy()) == BLUE


def test_a_box_outside_of_its_image_is_a_problem_of_that_row(photo):
    boxes = np.array([[90, 0, 120, 30], [60, 0, 500, 40]], np.float32)
    outside, beyond = read_images([photo] * 2, SMALL, boxes)
    assert outside.problem == "a box that lies outside of its image"
    assert color(beyond.result) == BLUE


def test_a_thumbnail_shows_the_box(photo):
    assert thumbnail(photo, WHOLE) == thumbnail(photo)
    assert thumbnail(photo, [50, 0, 80, 40]) != thumbnail(photo)


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    """One file for all examples: 24 squares of 16 pixels, dark ones and bright ones."""
    root = tmp_path_factory.mktemp("sheet")
    random = np.random.default_rng(0)
    sheet = np.zeros((16, 16 * 24), np.uint8)
    rows = []
    for place in range(24):
        label = ("dark", "bright")[place % 2]
        sheet[:, 16 * place : 16 * place + 16] = random.integers(*((0, 60) if place % 2 == 0 else (190, 250)), (16, 16))
        rows.append({"image": "sheet.png", "label": label, "x_min": 16 * place, "y_min": 0, "x_max": 16 * place + 16,
                     "y_max": 16, "split": ("train", "train", "validation", "test")[place // 2 % 4]})  # fmt: skip
    PIL.Image.fromarray(sheet).save(root / "sheet.png")
    return inspect(Manifest.from_records(pd.DataFrame(rows), root))


def test_the_plan_looks_at_the_size_of_the_boxes(crops, tmp_path):
    crops.save(tmp_path / "crops.parquet")
    run, _ = create_run(TrainConfig(input=InputConfig(data=str(tmp_path / "crops.parquet")), runs=str(tmp_path)))
    assert run.config.input.image_size == 16
    assert run.config.network.model == "resnet20"


@pytest.mark.slow
def test_a_run_on_crops_learns_and_is_judged_on_crops(crops, tmp_path, command):
    crops.save(tmp_path / "crops.parquet")
    flags = ("--model", "lenet5", "--image-size", 32, "--epochs", 4, "--batch-size", 4, "--augmentation", "none")
    result = command("train", "--data", tmp_path / "crops.parquet", "--runs", tmp_path, "--name", "crops", *flags)
    assert result.code == 0, result.err
    assert "Accuracy on the test split: 100.0 %" in result.out


@pytest.mark.thorough
def test_a_run_judges_the_crops_of_a_sheet_as_it_judges_the_images_alone(small_run, tmp_path, command):
    manifest = Manifest.load(small_run.manifest_file)
    rows = manifest.split("test")
    sheet = np.zeros((28, 28 * len(rows)), np.uint8)
    boxes = []
    for place, path in enumerate(manifest.paths(rows)):
        with PIL.Image.open(path) as image:
            sheet[:, 28 * place : 28 * place + 28] = np.asarray(image.convert("L"))
        boxes.append([28 * place, 0, 28 * place + 28, 28])
    PIL.Image.fromarray(sheet).save(tmp_path / "sheet.png")
    crops = pd.DataFrame(boxes, columns=BOX).assign(image="sheet.png", label=rows["label"].to_numpy())
    Manifest.from_records(crops, tmp_path).save(tmp_path / "sheet.parquet")
    run = shutil.copytree(small_run.path, tmp_path / "run")
    assert command("evaluate", run).code == 0
    assert command("evaluate", run, "--data", tmp_path / "sheet.parquet").code == 0
    (of_crops,) = run.glob("evaluation-sheet-*.json")
    alone, cut = (json.loads(file.read_text()) for file in (run / "evaluation.json", of_crops))
    assert cut["images"] == len(rows)
    assert cut["confusion"] == alone["confusion"]
    assert cut["loss"] == pytest.approx(alone["loss"], abs=1e-6)
