import shutil

import pytest


@pytest.fixture
def run(small_run):
    """A copy beside the run, so that the features are computed once."""
    copy = shutil.copytree(small_run.path, small_run.path.with_name("reviewed"), dirs_exist_ok=True)
    yield copy
    shutil.rmtree(copy)


@pytest.mark.thorough
def test_a_run_is_reviewed_and_the_next_commands_are_named(run, command):
    result = command("review", run, "--most", 5)
    assert result.code == 0, result.err
    assert (run / "review.html").is_file()
    assert (run / "review.json").is_file()
    assert len((run / "corrections.csv").read_text().splitlines()) <= 6
    assert "nothing is changed" in result.out
    assert f"--data {run}/manifest.parquet --overlay {run}/corrections.csv --name reviewed-corrected" in result.out


def test_images_without_labels_are_sorted(run, command, small_data):
    result = command("review", run, "--unlabeled", small_data / "test" / "bag", "--most", 4)
    assert result.code == 0, result.err
    assert len(list(run.glob("to_label-bag-*"))) == 4
    assert "Label Studio" in result.out


def test_what_cannot_be_is_refused_in_a_sentence(run, command, small_data, tmp_path):
    assert "is no run folder" in command("review", tmp_path).err
    assert "there is no such folder" in command("review", run, "--unlabeled", tmp_path / "gone").err
    assert "--folds is 1" in command("review", run, "--folds", 1).err
    assert "--accept-above is 3" in command("review", run, "--accept-above", 3).err
    refused = command("review", run, "--unlabeled", small_data, "--retrain")
    assert refused.code == 2
    assert "leave them out with --unlabeled" in refused.err
    (tmp_path / "bundle" / "1").mkdir(parents=True)
    (tmp_path / "bundle" / "1" / "saved_model.pb").touch()
    assert "is a bundle" in command("review", tmp_path / "bundle").err
