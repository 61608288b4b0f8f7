"""`python -m imgcls.prepare`, as a user meets it."""

import shutil

import pytest


@pytest.mark.thorough
def test_a_prepared_folder_is_data_for_training(small_data, tmp_path, command):
    data = tmp_path / "data"
    shutil.copytree(small_data, data)
    (data / "train" / "bag" / "broken.png").write_bytes(b"no image")
    result = command("prepare", data, "--output", tmp_path / "p", "--images-per-shard", 60)
    assert result.code == 3
    assert "broken.png is left out" in result.err
    assert "150 images written" in result.out
    assert command("prepare", tmp_path / "p", "--check").code == 0
    audited = command("audit", tmp_path / "p", "--output", tmp_path / "audit")
    assert audited.code == 0, audited.err
    assert "wrong extension" not in audited.out
    flags = ("--model", "lenet5", "--image-size", 32, "--epochs", 2, "--batch-size", 16)
    result = command("train", "--data", tmp_path / "p", "--runs", tmp_path, "--name", "run", *flags)
    assert result.code == 0, result.err


def test_bad_wishes_are_refused(small_data, tmp_path, command):
    assert "--side is 5; expected 16 to 4096" in command("prepare", small_data, "--side", 5).err
    assert "--check reads one that this command wrote" in command("prepare", small_data, "--check").err
    refused = command("prepare", small_data, "--output", tmp_path, "--kind", "as_they_are", "--side", 64)
    assert refused.code == 2
    assert "shrinks nothing" in refused.err
