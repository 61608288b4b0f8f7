"""The classifier as one object: the same runs as the command's, and the manners of a scikit-learn estimator."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.base import clone, is_classifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils import estimator_checks

from imgcls import ImageClassifier, Manifest, RunFolder, image_classifier, list_models
from imgcls.config import TrainConfig
from imgcls.data.manifest.table import targets_of
from imgcls.image_classifier import NotFittedError
from imgcls.workflow.create import create_run
from imgcls.workflow.flat_options import flat
from tests.conftest import copy_sample

CLASSES = ("bag", "sneaker", "trouser")
OPTIONS = {"model": "lenet5_relu", "epochs": 2, "batch_size": 16, "precision": "float32"}
QUICK = {**OPTIONS, "epochs": 1, "calibrate": False}
TIMES = ("seconds", "images_per_second", "waiting_for_data")  # of metrics.jsonl; no two runs have the same


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    return copy_sample(tmp_path_factory.mktemp("data") / "photos", CLASSES, train=20, test=5)


@pytest.fixture(scope="module")
def files(photos) -> tuple[list[str], list[str]]:
    """Paths and labels."""
    paths = sorted((photos / "train").rglob("*.png"))
    return [str(path) for path in paths], [path.parent.name for path in paths]


@pytest.fixture(scope="module")
def classifier(photos, tmp_path_factory) -> ImageClassifier:
    return ImageClassifier(**OPTIONS, runs=str(tmp_path_factory.mktemp("runs")), verbose=False).fit(photos)


def pixels_of(paths) -> np.ndarray:
    return np.stack([np.asarray(Image.open(path)) for path in paths])


@pytest.mark.thorough
def test_a_fit_is_the_run_of_the_command(classifier, photos, tmp_path, command):
    flags = [part for name, value in OPTIONS.items() for part in (f"--{name.replace('_', '-')}", value)]
    assert command("train", "--data", photos, "--runs", tmp_path, "--name", "same", *flags).code == 0
    ours, theirs = classifier.run_, RunFolder(tmp_path / "same")
    own = {"name": "same", "runs": str(tmp_path)}
    assert flat(ours.config) | own == flat(theirs.config)
    assert ours.manifest_file.read_bytes() == theirs.manifest_file.read_bytes()
    same = [{k: v for k, v in row.items() if k not in TIMES} for row in ours.metrics()]
    assert same == [{k: v for k, v in row.items() if k not in TIMES} for row in theirs.metrics()]
    assert json.loads(ours.evaluation_file.read_text()) == json.loads(theirs.evaluation_file.read_text())
    assert {path.name for path in ours.path.iterdir()} == {path.name for path in theirs.path.iterdir()}


def test_predictions_scores_and_features(classifier, files):
    paths, labels = files
    assert list(classifier.classes_) == list(CLASSES)
    probabilities = classifier.predict_proba(paths[:5])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(classifier.predict_proba(pixels_of(paths[:5])), probabilities, atol=1e-5)
    assert list(classifier.predict(paths[:5])) == [CLASSES[i] for i in probabilities.argmax(axis=1)]
    assert classifier.predict(paths[0]).shape == (1,)
    assert classifier.score(paths, labels) == np.mean(classifier.predict(paths) == np.array(labels))
    assert classifier.score() == classifier.evaluate().accuracy == classifier.run_.evaluation()["accuracy"]
    features = classifier.embed(paths[:4])
    assert features.shape[0] == 4
    np.testing.assert_allclose(classifier.embed(pixels_of(paths[:4])), features, atol=1e-5)
    assert len(classifier.history_) == OPTIONS["epochs"]


def test_images_are_explained(classifier, files, tmp_path):
    found = classifier.explain(files[0][:1], tmp_path, target="predicted", methods=("saliency",), check=False)
    assert list(found.tables["why"]["method"]) == ["saliency"]
    assert found.page.is_file()
    assert found.page.parent == tmp_path
    with pytest.raises(TypeError, match="methode"):
        classifier.explain(files[0][:1], tmp_path, methode="saliency")


@pytest.mark.thorough
def test_a_run_is_loaded_and_exported(classifier, files, tmp_path):
    again = ImageClassifier.load(classifier.run_.path)
    paths, _ = files
    np.testing.assert_array_equal(again.predict(paths[:3]), classifier.predict(paths[:3]))
    assert again.get_params()["model"] == "lenet5_relu"
    version = again.export(tmp_path / "bundles" / "clothes")
    assert version == tmp_path / "bundles" / "clothes" / "1"
    assert (version / "saved_model.pb").is_file()


@pytest.mark.slow  # `tests/training/test_continuation.py` asks in every run
def test_a_finished_run_is_trained_longer(classifier, tmp_path):
    shutil.copytree(classifier.run_.path, tmp_path / "copy")
    longer = ImageClassifier.load(tmp_path / "copy", verbose=False).resume(epochs=3)
    assert [row["epoch"] for row in longer.run_.metrics()] == [1, 2, 3]


def test_a_notebook_shows_the_report(classifier):
    shown = classifier._repr_html_()
    assert "iframe" in shown
    assert "ccuracy" in shown
    assert "not fitted" not in ImageClassifier()._repr_html_()


def sources(name: str, files):
    """The same images as (X, y)."""
    paths, labels = files
    numbers = np.array([10 * CLASSES.index(label) for label in labels])
    pixels = pixels_of(paths)
    root = Path(paths[0]).parents[1]
    relative = [Path(path).relative_to(root).as_posix() for path in paths]
    return {
        "table": (pd.DataFrame({"image": paths, "label": labels}), None),
        "paths": (np.array(paths), labels),
        "uint8": (pixels, numbers),
        "shares": (pixels[..., None] / 255.0, numbers),
        "manifest": (Manifest.from_records(pd.DataFrame({"image": relative, "label": labels}), root), None),
        "dataset": (tf.data.Dataset.from_tensor_slices((pixels[..., None], labels)).batch(7), None),
    }[name]


@pytest.fixture
def untrained(monkeypatch):
    """A fit ends before its first step, when the images are read and divided."""
    monkeypatch.setattr(image_classifier, "train_run", lambda config, progress: create_run(config, progress)[0])


@pytest.mark.parametrize("name", ["table", "uint8", "dataset", "paths", "shares", "manifest"])
@pytest.mark.usefixtures("untrained")
def test_images_that_python_holds(name, files, tmp_path):
    images, labels = sources(name, files)
    found = ImageClassifier(**QUICK, runs=str(tmp_path), verbose=False).fit(images, labels)
    assert list(found.classes_) == ([0, 10, 20] if name in ("uint8", "shares") else list(CLASSES))
    manifest = Manifest.load(found.run_.manifest_file)
    assert len(manifest.usable) == len(files[0])
    paths = zip(manifest.paths(manifest.usable), manifest.usable["label"], strict=True)
    numbers = {str(10 * number): name for number, name in enumerate(CLASSES)}
    found = sorted((pixels_of([path]).tobytes(), numbers.get(label, label)) for path, label in paths)
    assert found == sorted((pixels_of([path]).tobytes(), label) for path, label in zip(*files, strict=True))


@pytest.mark.slow  # of an array until training, `test_images_that_python_holds` asks in every run
def test_an_array_with_numbers_for_labels_is_trained_on(files, tmp_path):
    options = {**OPTIONS, "epochs": 1}
    found = ImageClassifier(**options, runs=str(tmp_path), verbose=False).fit(*sources("uint8", files))
    assert found.predict(files[0][:2])[0] in [0, 10, 20]


WRONG = {
    "no labels": ((np.zeros((3, 8, 8), np.uint8), None), "Images without labels"),
    "labels of too few": ((np.zeros((3, 8, 8), np.uint8), [0, 1]), "Got 3 images and 2 labels"),
    "values of no image": ((np.full((2, 8, 8), -1.0), [0, 1]), r"values from -1 to -1; expected \[0, 255\]"),
    "NaN": ((np.full((2, 8, 8), np.nan), [0, 1]), "values from nan"),
    "a row of features": ((np.zeros((3, 64)), [0, 1, 0]), r"shape \(3, 64\)"),
    "a table without labels": ((pd.DataFrame({"image": ["a.png"]}), None), "lacks the column 'label'"),
    "a source with labels besides": (("photos", ["a"]), "leave out y"),
    "an empty label": ((np.zeros((2, 8, 8), np.uint8), ["a", ""]), "Label number 1 is empty"),
    "a dataset without an end": (
        (tf.data.Dataset.from_tensor_slices((np.zeros((2, 8, 8, 1)), [0, 1])).repeat(), None), "has no end"),
    "a dataset of images alone": ((tf.data.Dataset.from_tensor_slices(np.zeros((2, 8, 8, 1))), None), "no pairs"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_what_cannot_be_fitted_is_refused_in_a_sentence(case, tmp_path):
    given, said = WRONG[case]
    with pytest.raises(ValueError, match=said):
        ImageClassifier(runs=str(tmp_path / "runs")).fit(*given)
    assert not list(tmp_path.rglob("*.p*"))


def test_an_option_that_is_misspelt_is_named():
    with pytest.raises(TypeError, match="Did you mean 'epochs'"):
        ImageClassifier(epoch=3)
    with pytest.raises(TypeError, match="are given to fit"):
        ImageClassifier(data="photos")
    with pytest.raises(ValueError, match="Did you mean 'learning_rate'"):
        ImageClassifier().set_params(lerning_rate=0.1)
    with pytest.raises(ValueError, match="--epochs is 0"):
        ImageClassifier(epochs=0).fit("photos")


def test_an_unfitted_classifier_says_what_to_do():
    for ask in (lambda c: c.predict(["a.png"]), lambda c: c.score(), lambda c: c.export(), lambda c: c.evaluate()):
        with pytest.raises(NotFittedError, match="Call fit"):
            ask(ImageClassifier())


def test_a_file_that_cannot_be_read_is_named(classifier, tmp_path, files):
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"broken.png cannot be read: .*1 such file"):
        classifier.predict([files[0][0], tmp_path / "broken.png"])
    assert list(classifier.predictions([files[0][0], tmp_path / "broken.png"]).readable) == [True, False]


def test_every_option_of_the_command_is_one_of_the_object():
    assert set(ImageClassifier().get_params()) == set(flat(TrainConfig())) - {"data"} | {"verbose"}


def test_it_is_a_classifier_of_scikit_learn(classifier):
    assert is_classifier(classifier)
    copy = clone(ImageClassifier(model="resnet20", epochs=3))
    assert (copy.model, copy.epochs) == ("resnet20", 3)
    again = pickle.loads(pickle.dumps(classifier))
    assert again.score() == classifier.score()


@pytest.mark.slow
def test_cross_validation_on_paths(files, tmp_path):
    paths, labels = np.array(files[0]), np.array(files[1])
    estimator = ImageClassifier(**{**OPTIONS, "epochs": 1}, runs=str(tmp_path), verbose=False)
    scores = cross_val_score(estimator, paths, labels, cv=2)
    assert scores.shape == (2,)
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.slow
def test_a_grid_search_on_paths(files, tmp_path):
    paths, labels = np.array(files[0]), np.array(files[1])
    estimator = ImageClassifier(**{**OPTIONS, "epochs": 1}, runs=str(tmp_path), verbose=False)
    search = GridSearchCV(estimator, {"learning_rate": [1e-3, 1e-2]}, cv=2).fit(paths, labels)
    assert search.best_params_["learning_rate"] in (1e-3, 1e-2)
    assert list(search.best_estimator_.classes_) == list(CLASSES)


# scikit-learn's own checks of the interface. `check_estimator` itself leaves out all but the first: the others of its
# checks fit a table (samples, features) of numbers, which is no image, and the tags say so.
CHECKS = (
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_scikit_learn(name):
    getattr(estimator_checks, name)("ImageClassifier", ImageClassifier(verbose=False))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_the_checks_that_scikit_learn_itself_chooses():
    for estimator, check in estimator_checks.estimator_checks_generator(ImageClassifier(verbose=False)):
        check(estimator)


def test_models_of_the_registry_are_choices():
    assert OPTIONS["model"] in list_models()


@pytest.mark.thorough
def test_several_labels_an_image_are_an_indicator_matrix(tmp_path, collages):
    manifest = Manifest.load(collages)
    pixels = pixels_of(manifest.paths(manifest.table))
    targets = targets_of(manifest.table, manifest.class_names).astype(int)
    options = {**OPTIONS, "epochs": 1, "runs": str(tmp_path), "verbose": False}
    by_matrix = ImageClassifier(**options).fit(pixels, targets)
    assert by_matrix.classes_.tolist() == [0, 1, 2]
    assert by_matrix.run_.config.is_multi_label
    found = by_matrix.predict(pixels)
    assert found.shape == targets.shape
    assert np.array_equal(found, by_matrix.predict_proba(pixels) >= 0.5)
    assert by_matrix.score(pixels, targets) == accuracy_score(targets, found)
    with pytest.raises(ValueError, match="does not know the class 'cow'"):
        by_matrix.score(pixels[:1], [["cow"]])
    with pytest.raises(ValueError, match="other numbers than 0 and 1"):
        ImageClassifier(**options).fit(pixels, targets * 2)
