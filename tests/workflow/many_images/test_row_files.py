import os
import signal

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
