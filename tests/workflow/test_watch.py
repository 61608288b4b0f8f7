"""The pictures of a watched run, from the command that trains it."""

import os
import time

import numpy as np
import pytest
from PIL import Image

from imgcls.run_folder import RunFolder
from imgcls.training.watching import watched_epochs
from imgcls.workflow.watch import draw_watched, drawing, strip_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def watched(folder, small_data, command) -> tuple[RunFolder, str]:
    """A run of two epochs with --watch, and what the command printed; trained once."""
    said = folder / "said.txt"
    if not said.exists():
        options = ("--model", "lenet5", "--epochs", 2, "--no-calibrate", "--watch")
        result = command("train", "--data", small_data, "--runs", folder, "--name", "watched", *options)
        assert result.code == 0, result.err
        said.write_text(result.out)
    return RunFolder(folder / "watched"), said.read_text()


def pixels(file) -> np.ndarray:
    return np.asarray(Image.open(file).convert("RGB"))


@pytest.mark.thorough
def test_the_command_names_the_strip_and_every_epoch_is_drawn(watched):
    run, said = watched
    assert f"Strip:  {run.watch / 'strip.png'}" in said
    assert watched_epochs(run.watch) == [0, 1, 2]
    sheets = [pixels(run.watch / f"epoch_{epoch:04d}.png") for epoch in (0, 1, 2)]
    assert len({sheet.shape for sheet in sheets}) == 1
    assert not np.array_equal(sheets[0], sheets[2])


def test_what_was_trained_again_is_drawn_again_and_the_rest_stays(watched):
    run, _ = watched
    before = {path.name: path.stat().st_mtime_ns for path in run.watch.glob("epoch_*.png")}
    later = time.time() + 10
    os.utime(run.watch / "epoch_0001.npz", (later, later))
    first = pixels(strip_file(run))
    assert draw_watched(run.path) == strip_file(run)
    after = {path.name: path.stat().st_mtime_ns for path in run.watch.glob("epoch_*.png")}
    assert [name for name in before if before[name] != after[name]] == ["epoch_0001.png"]
    assert np.array_equal(pixels(strip_file(run)), first)


def test_a_run_that_kept_nothing_has_no_strip(small_run):
    assert draw_watched(small_run) is None
    assert drawing(small_run, print) is print


def test_arrays_that_are_damaged_do_not_end_a_run(watched, caplog):
    run, _ = watched
    whole = (run.watch / "epoch_0002.npz").read_bytes()
    (run.watch / "epoch_0002.npz").write_bytes(whole[:100])
    seen = []
    drawing(run, seen.append)({"epoch": 2})
    (run.watch / "epoch_0002.npz").write_bytes(whole)
    assert seen == [{"epoch": 2}]
    assert "could not be drawn" in caplog.text
