"""Questions to the worker that a page does not wait for."""

import threading

import pytest
from worker import later


@pytest.fixture
def asked(monkeypatch):
    """What the worker was asked; it answers once it is let."""
    monkeypatch.setattr(later, "_asked", {})
    names, may_answer = [], threading.Event()

    def call(name, **arguments):
        names.append(name)
        may_answer.wait(20)
        if "fault" in name:
            raise ValueError("There is no such network.")
        return arguments

    monkeypatch.setattr(later, "call", call)
    return names, may_answer


def answer_of(name, **arguments):
    """What comes once the worker has answered."""
    later.ask(name, **arguments)
    next(iter(later._asked.values())).exception(20)
    return later.ask(name, **arguments)


def test_the_page_goes_on_and_the_answer_is_kept(asked):
    names, may_answer = asked
    assert later.ask("models.names", size=3) is None
    may_answer.set()
    assert answer_of("models.names", size=3) == {"size": 3}
    assert names == ["models.names"]


def test_what_failed_is_raised_and_asked_again(asked):
    names, may_answer = asked
    may_answer.set()
    for _ in range(2):
        with pytest.raises(ValueError, match="no such network"):
            answer_of("a.fault")
    assert names == ["a.fault", "a.fault"]


def test_what_was_written_into_a_file_is_asked_again_once_that_is_gone(asked, tmp_path):
    names, may_answer = asked
    may_answer.set()
    file = tmp_path / "speed.json"
    file.touch()
    for _ in range(2):
        answer_of("speed.of_reading", file=str(file))
    assert len(names) == 1
    file.unlink()
    later.ask("speed.of_reading", file=str(file))
    assert len(names) == 2
