import os
import subprocess
import sys

import pytest

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST, DATA_FORMATS
from imgcls.layers import layout_choice, resolve_data_format

WITHOUT_ONEDNN = """
from imgcls.layers import resolve_data_format
print(resolve_data_format("auto").reason)
try:
    resolve_data_format("channels_first")
except ValueError as error:
    print(error)
"""


@pytest.fixture
def slow_step(monkeypatch):
    """Makes one layout slow; returns the function that says which."""
    layout_choice._fastest.cache_clear()
    yield lambda slow: monkeypatch.setattr(layout_choice, "_step", lambda layout, *_: lambda: _spend(layout == slow))
    layout_choice._fastest.cache_clear()


def _spend(long: bool) -> None:
    sum(range(200_000 if long else 20_000))


@pytest.mark.parametrize(("slow", "chosen"), [(CHANNELS_FIRST, CHANNELS_LAST), (CHANNELS_LAST, CHANNELS_FIRST)])
def test_auto_takes_the_layout_that_is_faster(slow_step, slow, chosen):
    slow_step(slow)
    choice = resolve_data_format("auto")
    assert choice.data_format == chosen
    assert choice.reason.startswith(f"{chosen}, because a step of channels_first takes")


def test_auto_times_the_device_at_hand():
    assert resolve_data_format("auto").data_format in DATA_FORMATS


def test_a_layout_that_is_asked_for_is_taken():
    for data_format in DATA_FORMATS:
        assert resolve_data_format(data_format).data_format == data_format


def test_an_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="data_format is 'NCHW'; expected 'channels_last' or 'channels_first'"):
        resolve_data_format("NCHW")


def test_a_device_that_cannot_is_named_with_what_to_do():
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", WITHOUT_ONEDNN]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()
    assert output[0] == "channels_last, because the CPU cannot convolve in channels_first and float32."
    assert output[1].startswith("the CPU cannot convolve in channels_first and float32. Choose channels_last")
