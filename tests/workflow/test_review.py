import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from imgcls.config_file import save_toml
from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import RunFolder
from imgcls.workflow import out_of_sample
from imgcls.workflow.review import ReviewOptions, review_run


@pytest.fixture
def quick_features(monkeypatch):
    """Features that need no network: the image itself, small."""

    def features_of(run, manifest, rows, progress):
        found = []
        for path in manifest.paths(rows):
            try:
                found.append(np.asarray(Image.open(path).convert("L").resize((8, 8)), np.float32).ravel() / 255)
            except OSError:
                found.append(np.full(64, np.nan, np.float32))
        return np.stack(found), slice(None), "a head for each fold on small images"

    monkeypatch.setattr(out_of_sample, "features_of", features_of)


@pytest.fixture
def run(small_run, tmp_path, quick_features):
    return RunFolder(shutil.copytree(small_run.path, tmp_path / "run"))


def changed(run: RunFolder, change) -> None:
    """Change the table of the run's manifest."""
    manifest = Manifest.load(run.manifest_file)
    table = change(manifest.table.copy())
    table["labels"] = [[label] for label in table["label"]]
    Manifest(table, manifest.root).save(run.manifest_file)


def with_wrong_labels(run: RunFolder, count: int = 6, split: str = "train") -> set[str]:
    """Give every third image of a split the label of another class; returns which."""
    found: list[str] = []

    def change(table: pd.DataFrame) -> pd.DataFrame:
        rows = table.index[table["split"] == split][::7][:count]
        names = sorted(table["label"].unique())
        for row in rows:
            table.loc[row, "label"] = names[(names.index(table.loc[row, "label"]) + 1) % len(names)]
        found.extend(table.loc[rows, "image"])
        return table

    changed(run, change)
    return set(found)


def test_wrong_labels_are_found_and_nothing_is_changed_unasked(run):
    wrong = with_wrong_labels(run)
    review = review_run(run)
    assert len(wrong & {each.row["image"] for each in review.queue[:12]}) >= 5
    files = review.write()
    table = pd.read_csv(files["corrections.csv"])
    assert (table["label"] == table["given"]).all()
    manifest = Manifest.load(run.manifest_file)
    same, problems = manifest.with_overlay(files["corrections.csv"])
    assert same.table["label"].tolist() == manifest.table["label"].tolist()
    assert problems.empty
    figures = json.loads(files["review.json"].read_text())
    assert figures["judged"] == figures["images"] == 150
    assert figures["accepted"] == 0
    assert sum(figures["looks_wrong_in"].values()) == figures["looks_wrong"]


def test_accepted_suggestions_are_laid_over_and_keep_every_split(run):
    with_wrong_labels(run)
    with_wrong_labels(run, split="test")
    files = review_run(run, ReviewOptions(accept_above=0.5)).write()
    manifest = Manifest.load(run.manifest_file)
    corrected, _ = manifest.with_overlay(files["corrections.csv"])
    different = corrected.table["label"] != manifest.table["label"]
    assert different.sum() == json.loads(files["review.json"].read_text())["accepted"] > 0
    assert not different[manifest.table["split"] == "test"].any()
    assert corrected.table["split"].tolist() == manifest.table["split"].tolist()


def test_labels_of_the_test_change_nothing_elsewhere(run):
    with_wrong_labels(run)
    before = review_run(run)
    with_wrong_labels(run, count=10, split="test")
    after = review_run(run)
    fit = (before.seen.rows["split"] != "test").to_numpy()
    np.testing.assert_array_equal(before.seen.probabilities, after.seen.probabilities)
    np.testing.assert_array_equal(before.errors.thresholds, after.errors.thresholds)
    np.testing.assert_array_equal(before.errors.looks_wrong[fit], after.errors.looks_wrong[fit])


def test_copies_with_two_labels_come_first(run):
    def change(table):
        pair = table.index[table["split"] == "train"][[0, -1]]  # of two classes
        for column in ("sha256", "perceptual_hash", "thumbnail", "image"):
            if column != "image":
                table.loc[pair[1], column] = table.loc[pair[0], column]
        return table

    changed(run, change)
    first, second = review_run(run).queue[:2]
    assert first.is_copy
    assert second.is_copy
    assert {first.given, second.given} == {"bag", "trouser"}
    assert "labelled 'bag' and 'trouser'" in first.why


def test_images_that_are_gone_or_damaged_are_named_and_left_out(run, tmp_path):
    manifest = Manifest.load(run.manifest_file)
    root = shutil.copytree(manifest.root, tmp_path / "photos")
    Manifest(manifest.table, root).save(run.manifest_file)
    gone, damaged = manifest.table["image"].iloc[[0, 1]]
    (root / gone).unlink()
    (root / damaged).write_bytes(b"no image")
    review = review_run(run)
    assert dict(review.problems) == {gone: "there is no such file any more", damaged: "it cannot be read any more"}
    assert len(review.seen.rows) == 148
    shutil.rmtree(root)
    with pytest.raises(ValueError, match=r"None of the 150 images of the run .* is there any more"):
        review_run(run)


def test_one_class_and_several_classes_an_image_are_refused_in_a_sentence(run):
    before = Manifest.load(run.manifest_file)
    changed(run, lambda table: table.assign(label="bag"))
    with pytest.raises(ValueError, match="the run has 1 class and"):
        review_run(run)
    table = before.table.copy()
    table["labels"] = [[label, "sneaker"] if label != "sneaker" else [label] for label in table["label"]]
    Manifest(table, before.root).save(run.manifest_file)
    with pytest.raises(ValueError, match="have several classes each"):
        review_run(run)


def test_a_class_with_fewer_images_than_folds_is_judged_and_one_with_a_single_image_is_not(run, caplog):
    def change(table):
        bags = table.index[(table["label"] == "bag") & (table["split"] != "test")]
        table.loc[bags[:3], "label"] = "purse"
        table.loc[bags[3:4], "label"] = "pouch"
        table.loc[bags[:4], "split"] = "train"
        return table

    changed(run, change)
    review = review_run(run)
    labels = review.seen.rows["label"]
    assert review.errors.judged[labels == "purse"].all()
    assert not review.errors.judged[labels == "pouch"].any()
    assert "Too few images to say whether the labels of 'pouch' are right" in caplog.text
    assert review.to_dict()["judged"] == 149


def test_more_folds_than_images_are_as_many_as_there_are(run):
    def change(table):
        kept = table.groupby(["label", "split"]).head(2).index
        return table.loc[kept].reset_index(drop=True)

    changed(run, change)
    review = review_run(run, ReviewOptions(folds=500))
    assert review.seen.folds == 12
    assert review.to_dict()["share"] is None


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"most": 0}, {"accept_above": 0.2}, {"accept_above": 1.5}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong)).replace("_", "-")):
        ReviewOptions(**wrong)


@pytest.mark.slow
def test_a_run_for_each_fold_judges_every_image(run):
    with_wrong_labels(run)
    config = run.config
    save_toml(replace(config, training=replace(config.training, epochs=2), runs=str(run.path.parent)), run.config_file)
    review = review_run(run, ReviewOptions(folds=2, retrain=True))
    assert len(review.seen.rows) == 150
    assert "trained for each fold" in review.seen.how
    assert sorted(path.name for path in run.path.parent.glob("run-review2-fold*")) == [
        "run-review2-fold1",
        "run-review2-fold2",
    ]
