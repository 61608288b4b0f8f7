"""Several devices give the losses and the weights of one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.devices.one_process import CASES

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=(2, pytest.param(4, marks=pytest.mark.slow)), ids=("two", "four"))
def differences(request) -> dict[str, float]:
    line = [sys.executable, "-W", "error", "-m", "tests.training.devices.one_process", str(request.param)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.thorough
def test_devices_do_what_one_does(differences, case):
    assert differences[case] < 1e-4
