import csv
import json
import os
import signal

import numpy as np
import pandas as pd
import pytest

from imgcls.workflow.many_images import row_files
from imgcls.workflow.many_images.parts_folder import PartsFolder


def test_rows_that_ctrl_c_meets_while_they_are_written_are_there_once(tmp_path, monkeypatch):
    """Python raises what a signal asks for when the writer has written, and before anything else is done."""
    write_table = row_files.pyarrow.parquet.ParquetWriter.write_table

    def interrupted(*arguments):
        write_table(*arguments)
        monkeypatch.undo()
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(row_files, "ROWS_IN_A_GROUP", 4)
    monkeypatch.setattr(row_files.pyarrow.parquet.ParquetWriter, "write_table", interrupted)
    rows = pd.DataFrame({"image": ["a", "b", "c", "d"], "problem": ""})
    with pytest.raises(KeyboardInterrupt), PartsFolder(tmp_path, {}, list(rows), ".parquet") as folder:
        folder.write(rows)
    (part,) = folder.parts
    assert pd.read_parquet(part)["image"].tolist() == ["a", "b", "c", "d"]


def test_a_parquet_file_keeps_truths_numbers_and_text(tmp_path):
    rows = pd.DataFrame({"image": ["a"], "several": [True], "probability": [0.5], "problem": [""]})
    with row_files.row_file(tmp_path / "rows.parquet", list(rows)) as write:
        write(rows)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "rows.parquet"), rows)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_jsonl_keeps_numbers_as_csv_does(tmp_path, dtype):
    values = np.array([0.3, 1e-9, 3.14159e-38, 1 / 3, 0.99999994, np.nan], dtype)
    rows = pd.DataFrame({"image": "fotos/ä.jpg", "several": True, "probability": values, "problem": ""})
    for suffix in (".csv", ".jsonl"):
        with row_files.row_file(tmp_path / f"rows{suffix}", list(rows)) as write:
            write(rows)
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    assert lines[0] == {"image": "fotos/ä.jpg", "several": True, "probability": 0.3, "problem": ""}
    assert [dtype(line["probability"]) for line in lines[:-1]] == list(values[:-1])
    assert lines[-1]["probability"] is None
    in_csv = [row["probability"] for row in csv.DictReader((tmp_path / "rows.csv").read_text("utf-8").splitlines())]
    assert [line["probability"] for line in lines[:-1]] == list(map(float, in_csv[:-1]))


def test_what_is_missing_in_jsonl_is_null_whatever_its_column_holds(tmp_path):
    rows = pd.DataFrame({"number": [0.5, np.nan], "text": ["a", None], "list": [["a", "b"], None]})
    with row_files.row_file(tmp_path / "rows.jsonl", list(rows)) as write:
        write(rows)
    first, second = (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()
    assert json.loads(first) == {"number": 0.5, "text": "a", "list": ["a", "b"]}
    assert second == '{"number":null,"text":null,"list":null}'


@pytest.mark.parametrize("suffix", row_files.SUFFIXES)
def test_names_with_ends_of_lines_are_read_as_they_were_written(tmp_path, suffix):
    names = ["a\rb.png", "a\nb.png", "a\r\nb.png", "\r", 'a"b\r.png', "a,b.png", "plain.png"]
    rows = pd.DataFrame(
        {"image": names, "probability": [0.25, np.nan, 1e-9, 1, 0, 0.5, 0.5], "problem": ["", "x"] + 5 * [""]}
    )
    path = tmp_path / f"rows{suffix}"
    with row_files.row_file(path, list(rows)) as write:
        write(rows)
        write(rows[-1:])
    expected = list(zip(names, rows["problem"], strict=True))
    assert list(row_files.names_and_problems(path)) == [*expected, expected[-1]]
    if suffix == ".csv":
        table = pd.read_csv(path, keep_default_na=False, na_values={"probability": [""]})
        pd.testing.assert_frame_equal(table[:-1], rows)
        assert path.read_bytes().endswith(b"\nplain.png,0.5,\n")
