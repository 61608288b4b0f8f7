"""NVIDIA's cards, from the answers of a stand-in for nvidia-smi, and from what lies in /dev, /proc and /sys."""

import pytest

from imgcls.machine.nvidia import Card, find_nvidia
from tests.machine.nvidia_smi import put_nvidia_smi

TWO = "NVIDIA H100 80GB HBM3, 550.54.15, 9.0, 81559 MiB\nNVIDIA GeForce RTX 5090, 570.86.10, 12.0, 32607 MiB"


def test_each_card_has_a_name_a_driver_a_capability_and_memory(tmp_path, monkeypatch):
    put_nvidia_smi(tmp_path, monkeypatch, TWO)
    assert find_nvidia(tmp_path).cards == (
        Card("NVIDIA H100 80GB HBM3", "550.54.15", (9, 0), 81559 << 20),
        Card("NVIDIA GeForce RTX 5090", "570.86.10", (12, 0), 32607 << 20),
    )


def test_what_the_driver_does_not_say_is_left_open(tmp_path, monkeypatch):
    put_nvidia_smi(tmp_path, monkeypatch, "Quadro K600, with a comma, 390.157, [N/A], [N/A]")
    assert find_nvidia(tmp_path).cards == (Card("Quadro K600, with a comma", "390.157", None, 0),)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", 9),
        ("Failed to initialize NVML: Driver/library version mismatch", 18),
    ],
)
def test_a_driver_that_does_not_answer_is_quoted(tmp_path, monkeypatch, answer, code):
    put_nvidia_smi(tmp_path, monkeypatch, answer, code)
    found = find_nvidia(tmp_path)
    assert (found.cards, found.complaint) == ((), answer.rstrip("."))


def test_a_card_leaves_traces_without_any_driver(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    for number, (maker, kind) in enumerate([("0x10de", "0x030200"), ("0x10de", "0x040300"), ("0x1002", "0x030000")]):
        folder = tmp_path / "sys/bus/pci/devices" / f"0000:0{number}:00.0"
        folder.mkdir(parents=True)
        (folder / "vendor").write_text(f"{maker}\n")
        (folder / "class").write_text(f"{kind}\n")
    found = find_nvidia(tmp_path)
    assert found.traces == ("/sys/bus/pci/devices/0000:00:00.0",)  # neither its sound nor another maker's card
    assert found.has_card


def test_a_machine_without_a_card_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not find_nvidia(tmp_path).has_card
