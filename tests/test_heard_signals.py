import os
import signal
import threading

from imgcls.heard_signals import heard_signals


def test_a_signal_is_answered_within_and_does_afterwards_what_it_did_before():
    answered, before = [], signal.getsignal(signal.SIGTERM)
    with heard_signals([signal.SIGTERM], lambda number, frame: answered.append(number)):
        os.kill(os.getpid(), signal.SIGTERM)
    assert answered == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_nothing_changes():
    before, within = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with heard_signals([signal.SIGTERM], lambda number, frame: None):
            within.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert within == [before]
