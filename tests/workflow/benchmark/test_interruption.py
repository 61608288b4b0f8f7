import os
import signal
from contextlib import suppress

import pytest

from imgcls.workflow.benchmark.interruption import Interruption


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_that_somebody_drops_is_heard_at_the_next_step(number):
    interruption, before = Interruption(), signal.getsignal(number)
    with interruption.heard():
        with suppress(KeyboardInterrupt):  # as Python does where an object is being removed
            os.kill(os.getpid(), number)
            sum(range(1000))
        with pytest.raises(KeyboardInterrupt):
            interruption.check()
    assert signal.getsignal(number) is before


def test_without_one_nothing_is_raised():
    Interruption().check()
