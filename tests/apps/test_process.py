"""What the worker sends back, without the worker."""

import json

import pytest
from worker import process

UNICODE = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


class Caller:
    """The connection to a page, which asks for something that fails."""

    def __init__(self) -> None:
        self.sent = []

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to close."""

    def recv(self) -> tuple[str, dict]:
        return "models.names", {}

    def send(self, what: object) -> None:
        self.sent.append(what)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("so"), ValueError),
        (UNICODE, ValueError),
        (json.JSONDecodeError("so", "{", 1), ValueError),
        (FileNotFoundError(2, "No such file", "a.png"), FileNotFoundError),
    ],
)
def test_the_app_can_raise_what_the_worker_refuses(monkeypatch, error, kind):
    def fails(*question):
        raise error

    monkeypatch.setattr(process, "_work", fails)
    caller = Caller()
    process._answer(caller)
    ((told, (raised, sentence)),) = caller.sent
    assert told == "refused"
    with pytest.raises(kind) as found:
        raise raised(sentence)
    assert str(found.value) == str(error)
