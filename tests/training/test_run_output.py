"""What is written beside the training."""

import errno
import threading

import pytest

from imgcls.config import TrainConfig
from imgcls.run_folder import RunFolder
from imgcls.training.run_output import MOST_BESIDE, RunOutput


@pytest.fixture
def output(tmp_path):
    return RunOutput(RunFolder.create(TrainConfig(runs=str(tmp_path))))


def test_the_training_goes_on_while_it_is_written_and_the_order_is_kept(output):
    may_go_on, written = threading.Event(), []
    output.write_beside(lambda: (may_go_on.wait(30), written.append(threading.current_thread())))
    output.write_beside(lambda: written.append("second"))
    assert written == []  # and the training is here already
    may_go_on.set()
    output.settle()
    assert written[0] is not threading.current_thread()
    assert written[1:] == ["second"]


def test_no_more_is_held_in_memory_than_is_said(output):
    begun = []
    for number in range(MOST_BESIDE + 1):
        output.write_beside(lambda number=number: begun.append(number))
    assert begun[:MOST_BESIDE] == list(range(MOST_BESIDE))  # they were waited for
    output.settle()


def test_a_disk_that_refuses_is_a_warning_and_a_defect_is_raised(output, caplog):
    def refused():
        raise OSError(errno.ENOSPC, "No space left on device")

    output.write_beside(refused)
    output.settle()
    assert "no space left on device" in caplog.text
    output.write_beside(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        output.settle()


def test_a_worker_that_is_not_the_first_writes_nothing(output):
    written = []
    output.writes = False
    output.write_beside(lambda: written.append(1))
    output.settle()
    assert written == []
