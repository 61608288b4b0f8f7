import json
import shutil

import pandas as pd
import pytest

from imgcls.workflow.many_images import parts_folder
from imgcls.workflow.many_images.parts_folder import PartsFolder


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(parts_folder, "ROWS", 2)


def rows(*names):
    return pd.DataFrame({"image": names, "problem": ""})


def begun(folder):
    return PartsFolder(folder, {"asked": "all"}, list(rows()), ".parquet")


def write(folder, tables, after=lambda number, parts: None):
    with begun(folder) as parts:
        for number, names in enumerate(tables):
            parts.write(rows(*names))
            after(number, parts)


@pytest.mark.parametrize("last", [0, 1, 2], ids=["in a part", "between two parts", "before the last part ends"])
def test_a_folder_that_is_removed_in_the_middle_is_not_called_whole(tmp_path, last):
    folder = tmp_path / "predictions"

    def remove(number, parts):
        if number == last:
            shutil.rmtree(folder)

    with pytest.raises(FileNotFoundError, match=r"predictions was removed while .* Start again\."):
        write(folder, ["a", "b", "c"], after=remove)
    assert not folder.exists()


def test_an_empty_folder_in_the_place_of_the_removed_one_is_seen(tmp_path):
    folder = tmp_path / "predictions"

    def empty(number, parts):
        shutil.rmtree(folder)
        folder.mkdir()

    with pytest.raises(FileNotFoundError, match=r"_command\.json was removed while"):
        write(folder, ["ab", "cd"], after=empty)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("tables", [["ab", "c"], ["ab", "c", "d"]], ids=["at the end", "at the next part"])
def test_a_part_that_is_removed_in_the_middle_is_made_again_at_the_next_start(tmp_path, tables):
    def remove(number, parts):
        if number == 1:
            parts.parts[0].unlink()

    with pytest.raises(FileNotFoundError, match=r"part-00000\.parquet was removed while"):
        write(tmp_path, tables, after=remove)
    assert not json.loads((tmp_path / "_command.json").read_text())["is_whole"]
    assert not list(tmp_path.glob(".partial*"))
    with begun(tmp_path) as parts:
        assert [name for name, _ in parts.known()] == list("".join(tables[1:]))
        parts.write(rows("a", "b"))
    assert json.loads((tmp_path / "_command.json").read_text())["is_whole"]


def test_a_part_of_an_earlier_start_that_is_removed_is_seen(tmp_path):
    write(tmp_path, ["ab"])

    def remove(number, parts):
        parts.parts[0].unlink(missing_ok=True)

    with pytest.raises(FileNotFoundError, match=r"part-00000\.parquet was removed while"):
        write(tmp_path, ["c", "d"], after=remove)
