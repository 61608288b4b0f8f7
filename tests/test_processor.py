"""The line about the processor that stands beside figures."""

import subprocess
import sys

import pytest

from imgcls import processor

CPUINFO = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu sse avx2 fma\n\nprocessor\t: 1\n"


def test_the_line_names_processor_cores_vector_units_and_onednn(monkeypatch, tmp_path):
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    monkeypatch.setattr(processor, "Path", lambda path: tmp_path / "cpuinfo")
    monkeypatch.setattr(processor.os, "cpu_count", lambda: 2)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert processor.describe() == "Some CPU @ 2 GHz, 2 cores, avx2; oneDNN off, held to AVX2"


@pytest.mark.parametrize(
    ("text", "on"), [("0", False), ("false", False), ("False", False), ("1", True), ("TRUE", True)]
)
def test_the_variable_is_read_as_tensorflow_reads_it(monkeypatch, text, on):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", text)
    assert processor.has_onednn() == on


def test_a_system_without_cpuinfo_has_a_line_too(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "Path", lambda path: tmp_path / "nothing")
    assert processor.vector_units() == []
    assert "no vector units that count" in processor.describe()


def test_it_is_printed_by_a_command_of_its_own():
    command = [sys.executable, "-m", "imgcls.processor"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed == f"{processor.describe()}\n"
