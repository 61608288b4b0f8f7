"""Lines to type, in which names may have spaces."""

import re
import shlex
from pathlib import Path

import pytest

from imgcls.command_line import command_line
from tests.conftest import ROOT

UNQUOTED = r"python -m imgcls\.[\w -]+ \{(?!fastest)"  # a value behind a command; a format has no space


@pytest.mark.parametrize("name", ["photos", "my photos", "it's", "a;b", "$HOME", "-"])
def test_a_shell_reads_what_was_meant(name):
    line = command_line("audit", Path(name), "--group", 2)
    assert shlex.split(line) == ["python", "-m", "imgcls.audit", name, "--group", "2"]


def test_what_needs_no_quotes_has_none():
    assert command_line("serve", "load", "http://127.0.0.1:8501/v1/models/a") == (
        "python -m imgcls.serve load http://127.0.0.1:8501/v1/models/a"
    )


def test_no_line_to_type_is_put_together_elsewhere():
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("imgcls", "apps")
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if re.search(UNQUOTED, line)
    ]
    assert found == []
