"""Where requests are written down."""

import logging

import pytest

from imgcls.serving.server.request_log import open_log


def test_a_log_that_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match=r"--access-log .* cannot be written"):
        open_log(str(tmp_path / "no" / "folder"))
    assert open_log("") is None


def test_a_log_on_standard_output(capsys):
    log = open_log("-")
    assert isinstance(log, logging.Logger)
    log.info("{}")
    assert capsys.readouterr().out == "{}\n"
