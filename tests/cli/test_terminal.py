import logging

from imgcls.cli.terminal import log_shown

log = logging.getLogger("imgcls.serving")


def test_a_logged_exception_comes_with_its_traceback_and_a_warning_without(capsys):
    with log_shown():
        log.warning("It is late.")
        try:
            raise KeyError("the reason")
        except KeyError:
            log.exception("A call of %s failed", "Predict")
    shown = capsys.readouterr()
    assert shown.out == ""
    late, failed, first, *_, last = shown.err.splitlines()
    assert (late, failed) == ("warning: It is late.", "warning: A call of Predict failed")
    assert (first, last) == ("Traceback (most recent call last):", "KeyError: 'the reason'")
