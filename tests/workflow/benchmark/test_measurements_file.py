from dataclasses import replace

import pandas as pd
import pytest

from imgcls.workflow.benchmark.measurements_file import MeasurementsFile
from tests.workflow.benchmark.measured import PLAIN, measured


def test_later_benchmarks_are_added_and_earlier_ones_stay(tmp_path):
    file = MeasurementsFile(tmp_path)
    file.add("first", [replace(PLAIN, run="first")])
    file.add("second", [replace(PLAIN, run="second", latency_ms=5.0)])
    file.add("second", [replace(PLAIN, run="second", latency_ms=4.0), measured("resnet18", 20.0, 0.8, run="second")])
    assert [(row.run, row.latency_ms) for row in file.read()] == [("first", 9.0), ("second", 4.0), ("second", 20.0)]
    assert file.read()[0] == replace(PLAIN, run="first")


def test_measured_and_published_figures_are_columns_of_their_own(tmp_path):
    MeasurementsFile(tmp_path).add("first", [PLAIN])
    table = pd.read_parquet(tmp_path / "measurements.parquet")
    assert {"machine", "date", "imgcls", "tensorflow", "engine_version", "fingerprint"} <= set(table.columns)
    assert (table["accuracy"][0], table["published_top1"][0]) == (0.91, 75.1)


def test_columns_that_an_earlier_version_did_not_have_say_what_they_would_have_said(tmp_path):
    MeasurementsFile(tmp_path).add("first", [PLAIN])
    path = tmp_path / "measurements.parquet"
    pd.read_parquet(path).drop(columns=["peak_memory_mb", "problem", "metric"]).to_parquet(path)
    (row,) = MeasurementsFile(tmp_path).read()
    assert (row.problem, row.metric) == ("", "accuracy")
    assert row.peak_memory_mb != row.peak_memory_mb


@pytest.mark.parametrize("content", [b"no table", b""])
def test_a_damaged_file_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "measurements.parquet"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read"):
        MeasurementsFile(tmp_path)
    assert path.read_bytes() == content


def test_a_table_of_something_else_is_refused(tmp_path):
    pd.DataFrame({"image": ["a.png"]}).to_parquet(tmp_path / "measurements.parquet")
    with pytest.raises(ValueError, match="holds no measurements"):
        MeasurementsFile(tmp_path)
