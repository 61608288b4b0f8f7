"""What keeps TensorFlow from a card: a sentence each, with what to install. No card can be had; the facts are given."""

import pytest

from imgcls.machine.nvidia import Card, Nvidia
from imgcls.machine.nvidia_findings import findings_of_this_machine, nvidia_findings
from imgcls.machine.tensorflow_build import TensorFlowBuild
from tests.machine.nvidia_smi import put_nvidia_smi

CUDA = TensorFlowBuild("12.5.1", "9", ("sm_60", "sm_70", "sm_80", "sm_89", "compute_90"))
SEEN = TensorFlowBuild("12.5.1", "9", CUDA.capabilities, ("NVIDIA A100",))
LIBRARIES = {"nvidia-cudnn-cu12": "9.3"}


def nvidia(name: str, driver: str, capability: tuple[int, int]) -> Nvidia:
    return Nvidia((Card(name, driver, capability, 40 << 30),), ("/dev/nvidia0",))


A100 = nvidia("NVIDIA A100", "550.54.15", (8, 0))


def findings(card=A100, build=CUDA, packages=None, cuda_packages=LIBRARIES, environment=None):
    return nvidia_findings(card, build, packages or {"tensorflow": "2.21.0"}, cuda_packages, environment or {})


def test_a_card_that_is_used_has_no_finding():
    assert findings(build=SEEN) == []


def test_a_machine_without_a_card_has_no_finding():
    assert findings(Nvidia()) == []


@pytest.mark.parametrize(
    ("changes", "what", "advice"),
    [
        pytest.param(
            {"build": TensorFlowBuild(), "packages": {"tensorflow-cpu": "2.21.0"}},
            "was built without CUDA",
            "Type: pip uninstall tensorflow-cpu, then pip install 'imgcls[gpu]'",
            id="a wheel without CUDA",
        ),
        pytest.param(
            {"cuda_packages": {}},
            "CUDA's libraries are not installed as packages",
            "Type: pip install 'imgcls[gpu]'",
            id="a wheel with CUDA, without its libraries",
        ),
        pytest.param(
            {"card": nvidia("Tesla V100", "470.82.01", (7, 0))},
            "The driver 470.82.01 is too old for CUDA 12.5.1",
            "Install NVIDIA's driver 525.60.13 or newer",
            id="a driver too old",
        ),
        pytest.param(
            {"card": nvidia("NVIDIA GeForce RTX 5090", "570.86.10", (12, 0)), "build": SEEN},
            "(compute capability 12.0) is newer than the installed TensorFlow, which has code for up to 9.0",
            "TF_CUDA_COMPUTE_CAPABILITIES=12.0",
            id="Blackwell",
        ),
        pytest.param(
            {"card": nvidia("GeForce GTX 970", "550.54.15", (5, 2))},
            "is older than the installed TensorFlow supports, which begins with 6.0",
            "with another card",
            id="a card too old",
        ),
        pytest.param(
            {
                "card": Nvidia(
                    (), ("/proc/driver/nvidia/version",), "Failed to initialize NVML: Driver/library mismatch"
                )
            },
            "its driver does not answer (Failed to initialize NVML: Driver/library mismatch)",
            "Restart the machine",
            id="a driver that was replaced while it ran",
        ),
        pytest.param(
            {"card": Nvidia((), ("/sys/bus/pci/devices/0000:01:00.0",))},
            "a card of NVIDIA's (/sys/bus/pci/devices/0000:01:00.0), and TensorFlow does not use it: no driver",
            "Install NVIDIA's driver 525.60.13 or newer",
            id="a card without a driver",
        ),
        pytest.param(
            {}, "The machine has the card NVIDIA A100, and TensorFlow does not use it.", "says why", id="else"
        ),
    ],
)
def test_one_sentence_says_what_is_wrong_and_one_what_to_do(changes, what, advice):
    (found,) = findings(**changes)
    assert found.wrong
    assert what in found.what
    assert advice in found.advice


def test_a_card_that_the_user_hides_is_no_fault():
    (found,) = findings(environment={"CUDA_VISIBLE_DEVICES": "-1"})
    assert not found.wrong
    assert "CUDA_VISIBLE_DEVICES is '-1'" in found.what


def test_training_says_before_it_reads_an_image_that_a_card_is_not_used(tmp_path, monkeypatch, command):
    put_nvidia_smi(tmp_path, monkeypatch, "NVIDIA A100, 470.82.01, 8.0, 40536 MiB")
    findings_of_this_machine.cache_clear()
    result = command("train", "--data", tmp_path / "nothing", "--runs", tmp_path / "runs", "--model", "lenet5")
    findings_of_this_machine.cache_clear()
    assert "warning: The driver 470.82.01 is too old for CUDA 12" in result.err
    assert result.code == 2
