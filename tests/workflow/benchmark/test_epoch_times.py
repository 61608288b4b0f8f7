"""The clock of a training that was interrupted."""

from types import SimpleNamespace

import pytest

from imgcls.workflow.benchmark import epoch_times
from imgcls.workflow.benchmark.epoch_times import EpochTimes


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """The time, which a test sets."""
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(epoch_times, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def test_the_start_of_a_training_counts_also_after_an_interruption(tmp_path, clock):
    first = EpochTimes(tmp_path, 0)
    clock.seconds += 40  # 35 of them to begin
    assert first.of(0, 5.0) == 40
    clock.seconds += 2
    first.keep()  # interrupted
    clock.seconds += 3600
    second = EpochTimes(tmp_path, 1)
    assert second.of(0, 5.0) == 40
    clock.seconds += 30
    assert second.of(1, 5.0) == 72


def test_epochs_that_ended_while_nobody_looked_on_have_their_own_seconds(tmp_path, clock):
    times = EpochTimes(tmp_path, 2)
    clock.seconds += 1
    assert [times.of(0, 5.0), times.of(1, 6.0)] == [5, 11]
