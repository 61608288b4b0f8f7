"""The process that computes: answers, refuses in sentences, and is started again when it dies."""

import os
import signal
import subprocess
import sys

import pytest
from worker import client

from tests.apps.conftest import APP


@pytest.mark.thorough
def test_it_answers_without_the_app_importing_tensorflow(here):
    code = (
        "import sys; sys.argv = ['app']; from worker import client;"
        "names = client.call('models.names'); assert 'tensorflow' not in sys.modules; print(*names); client.stop()"
    )
    path = os.pathsep.join([str(APP.parent), os.environ["PYTHONPATH"]])
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=True
    )
    assert "efficientnet_lite0" in answer.stdout.split()


@pytest.mark.thorough
def test_what_fails_there_is_raised_here_and_a_dead_one_is_replaced(here):
    with pytest.raises(RuntimeError, match="AttributeError"):
        client.call("models.nothing")
    process = client._running["process"]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert "lenet5" in client.call("models.names")


@pytest.mark.thorough
def test_it_ends_with_the_app(here):
    client.call("models.names")
    process = client._running["process"]
    process.stdin.close()  # as the system does when the app is killed
    process.wait(timeout=30)
