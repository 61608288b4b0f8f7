import os
import subprocess
import sys
import time

import psutil
import pytest

from imgcls.living_process import is_alive


def test_a_process_lives_until_it_ends_and_not_before_it_began():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert is_alive(process.pid)
        assert is_alive(process.pid, time.time())
        assert not is_alive(process.pid, time.time() - 3600)
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(process.pid)  # a zombie
    assert not is_alive(process.pid)


@pytest.mark.parametrize("pid", [-1, 2**22 + 1, 2**40])
def test_what_is_no_number_of_a_process(pid):
    assert not is_alive(pid)


def test_a_process_of_another_user_that_proc_does_not_show_lives(monkeypatch):
    def hidden(pid):
        raise psutil.NoSuchProcess(pid)

    def refused(pid, signal):
        raise PermissionError

    monkeypatch.setattr(psutil, "Process", hidden)
    assert not is_alive(os.getpid())
    monkeypatch.setattr(os, "kill", refused)
    assert is_alive(os.getpid())
