"""The whole examination, which measures for a minute."""

import pytest

from imgcls.progress import Progress
from imgcls.training.devices.device_check import DeviceCheck
from imgcls.workflow.doctor import examine as examine_module
from imgcls.workflow.doctor.examine import examine


class Shown(Progress):
    def __init__(self):
        self.seen = []

    def doing(self, what, done, total=None):
        self.seen.append((what, done, total))


@pytest.mark.parametrize(
    ("problem", "mending"),
    [
        ("NVIDIA H200 cannot convolve at all.", "until its driver and TensorFlow fit together."),
        ("cudaSetDevice() on GPU:0 failed. Status: out of memory", "Another process has taken its memory"),
    ],
)
def test_a_device_that_fails_is_a_finding_and_no_speed_is_measured(monkeypatch, problem, mending):
    monkeypatch.setattr(examine_module, "check_devices", lambda: [DeviceCheck("GPU:0", None, problem)])
    found = examine()
    assert not found.is_well
    assert found.speeds == []
    (finding,) = [each for each in found.findings if each.what.startswith("GPU:0 failed at one step")]
    assert mending in finding.advice


@pytest.mark.slow
def test_everything_is_measured_and_announced():
    shown = Shown()
    found = examine(progress=shown)
    engines = ("tensorflow", "openvino", "onnx", "litert")
    assert [speed.work for speed in found.speeds] == ["decoded", "augmented", "trained", "trained", *["predicted"] * 4]
    assert all(speed.images_per_second > 0 and not speed.problem for speed in found.speeds)
    assert [speed.what.rpartition(", ")[2] for speed in found.speeds[4:]] == list(engines)
    assert [device.device for device in found.devices] == ["CPU:1"]  # these tests have two logical processors
    assert found.is_well, found.findings
    assert [done for _, done, _ in shown.seen] == list(range(9))
    assert {total for *_, total in shown.seen} == {9}
