"""What cannot be written is refused by every command, in one sentence, before any image is opened."""

import subprocess
import sys

import pytest

from imgcls.config import InputConfig, NetworkConfig, TrainConfig
from imgcls.workflow.create import create_run

LONG = "x" * 300
COMMANDS = {  # name -> arguments; {out} is where the result is to go
    "train --name": ("train", "--data", "{data}", "--runs", "{folder}", "--name", LONG),
    "train --runs": ("train", "--data", "{data}", "--runs", "{file}"),
    "tune --runs": ("tune", "--data", "{data}", "--runs", "{file}"),
    "tune --study": ("tune", "--data", "{data}", "--runs", "{folder}", "--study", LONG),
    "predict": ("predict", "{run}", "{data}", "--output", "{file}/a.csv"),
    "export --output": ("export", "{run}", "--output", "{file}"),
    "export --name": ("export", "{run}", "--output", "{folder}", "--name", LONG),
    "prepare": ("prepare", "{data}", "--output", "{file}"),
    "audit": ("audit", "{data}", "--output", "{file}"),
    "audit --fix": ("audit", "{data}", "--output", "{folder}/audit", "--fix", "{file}/a.parquet"),
    "augment": ("augment", "{data}", "--output", "{file}/a.png"),
    "import_labels": ("import_labels", "{data}", "--output", "{file}/a.parquet"),
    "import_labels --convert-folder": (
        "import_labels",
        "{data}",
        "--convert-to",
        "coco",
        "--convert-folder",
        "{folder}/" + LONG,
    ),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_an_output_that_cannot_be_is_refused_before_an_image_is_opened(
    case, small_run, small_data, tmp_path, command, monkeypatch, no_image_is_opened
):
    monkeypatch.chdir(tmp_path)
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.touch()
    folder.mkdir()
    places = {"data": small_data, "run": small_run.path, "file": file, "folder": folder}
    name, *arguments = (argument.format(**places) for argument in COMMANDS[case])
    result = command(name, *arguments)
    assert result.code == 2
    why = "its name is too long" if LONG in " ".join(arguments) else "it is a file where a folder is needed"
    assert f"cannot be used: {why}" in result.err
    assert len(result.err.splitlines()) == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["file", "folder"]


def test_a_table_never_takes_the_place_of_a_folder(small_run, small_data, tmp_path, command):
    (tmp_path / "photos.csv").mkdir()
    (tmp_path / "photos.csv" / "1.jpg").touch()
    result = command("predict", small_run.path, small_data, "--output", tmp_path / "photos.csv")
    assert (result.code, (tmp_path / "photos.csv" / "1.jpg").exists()) == (2, True)
    assert "photos.csv cannot be used: it is a folder where a file is needed" in result.err


def test_a_name_that_is_taken_is_refused_before_an_image_is_opened(small_run, small_data, command, no_image_is_opened):
    runs = small_run.path.parent
    result = command("train", "--data", small_data, "--runs", runs, "--name", small_run.path.name)
    assert result.code == 2
    assert "There is a run at" in result.err
    assert "--resume" in result.err


def test_a_run_folder_that_gets_no_manifest_does_not_stay(small_data, tmp_path, monkeypatch):
    def full(manifest, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("imgcls.data.manifest.table.Manifest.save", full)
    config = TrainConfig(
        InputConfig(data=str(small_data)), network=NetworkConfig(model="lenet5"), runs=str(tmp_path / "runs")
    )
    with pytest.raises(OSError, match="No space left"):
        create_run(config)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_full_disk_is_a_sentence(small_run, small_data, tmp_path):
    """A disk of 64 KiB, of which the table gets none."""
    script = (
        f"mount -t tmpfs -o size=64k tmpfs {tmp_path} && cp /dev/zero {tmp_path}/zeros 2>/dev/null; "
        f"{sys.executable} -m imgcls.predict {small_run.path} {small_data} --output {tmp_path}/a.csv"
    )
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)
    if "unshare" in done.stderr:
        pytest.skip("no mount of one's own here")
    assert done.returncode == 1
    assert f"error: {tmp_path}/a.csv cannot be used: the disk is full. Make room" in done.stderr


def test_what_the_tests_above_lean_on_notices_an_image_and_a_manifest(small_data, command, no_data_is_read):
    with pytest.raises(pytest.fail.Exception, match="the data was read"):
        command("train", "--data", small_data)
    with pytest.raises(pytest.fail.Exception, match="an image was opened"):
        command("audit", small_data)
