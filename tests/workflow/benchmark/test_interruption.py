import os
import signal

import pytest

from imgcls.workflow.benchmark.interruption import Interruption


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_that_python_drops_is_heard_at_the_next_step(number):
    class Removed:
        def __del__(self):
            os.kill(os.getpid(), number)
            sum(range(1000))  # Python calls the handler here, and ignores what it raises

    interruption = Interruption()
    before = signal.getsignal(number)
    with pytest.warns(pytest.PytestUnraisableExceptionWarning), interruption.heard():
        Removed()
        with pytest.raises(KeyboardInterrupt):
            interruption.check()
    assert signal.getsignal(number) is before


def test_without_one_nothing_is_raised():
    Interruption().check()
