"""`python -m imgcls.doctor`, with a stand-in for nvidia-smi where a card is needed: none can be had."""

import json

from tests.machine.nvidia_smi import put_nvidia_smi


def test_quick_shows_the_machine_and_measures_nothing(command, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    result = command("doctor", "--quick")
    assert result.code == 0, result.out
    for name in ("processor", "cores", "oneDNN", "memory", "disk", "tensorflow 2.", "keras 3.", "CUDA 12."):
        assert name in result.out
    assert "a second" not in result.out
    assert "All is well" in result.out
    assert result.out.rstrip().endswith("Next:\n  python -m imgcls.doctor   # measures")


def test_a_card_that_tensorflow_does_not_use_is_wrong(command, monkeypatch, tmp_path):
    put_nvidia_smi(tmp_path, monkeypatch, "NVIDIA GeForce RTX 5090, 570.86.10, 12.0, 32607 MiB")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    result = command("doctor", "--quick")
    assert result.code == 1
    assert "NVIDIA GeForce RTX 5090, 34.2 GB, compute capability 12.0, driver 570.86.10" in result.out
    assert "is newer than the installed TensorFlow" in result.out
    assert "All is well" not in result.out


def test_what_is_only_slow_is_not_wrong(command, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    result = command("doctor", "--quick")
    assert result.code == 0, result.out
    assert "oneDNN is switched off" in result.out.partition("Limits and advice:")[2]
    assert "Wrong:" not in result.out


def test_json_alone_is_what_a_script_reads(command, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = json.loads(command("doctor", "--quick", "--json", "-").out)
    assert found["well"] is True
    assert found["facts"]["cores"] >= 1
    assert found["speeds"] == []


def test_json_in_a_file_stands_beside_the_text(command, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/nowhere")
    result = command("doctor", "--quick", "--json", tmp_path / "machine.json")
    assert "Everything that was found" in result.out
    found = json.loads((tmp_path / "machine.json").read_text("utf-8"))
    assert not any(finding["wrong"] for finding in found["findings"])  # a container's limit is a finding, and not wrong


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_examined(command):
    result = command("doctor", "--json", "/proc/nothing/machine.json")
    assert result.code == 2
    assert result.err.startswith("error: /proc")
