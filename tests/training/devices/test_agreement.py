"""What workers refuse before they train together; `test_workers` has real ones."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from types import SimpleNamespace

import numpy as np
import pytest

from imgcls.config import TrainConfig
from imgcls.training.checkpoints import Checkpoint
from imgcls.training.devices.agreement import check_same_checkpoint, check_same_command
from imgcls.workflow.flat_options import flat, with_options


def said_by_each(checks: list[Callable[[SimpleNamespace], None]]) -> list[str]:
    """What each worker says of the others, a thread for each; empty if it trains along."""
    rows, together = {}, Barrier(len(checks), timeout=30)

    def worker(index: int) -> SimpleNamespace:
        def of_each(numbers: np.ndarray) -> np.ndarray:
            rows[index] = numbers
            together.wait()
            found = np.stack([rows[each] for each in range(len(checks))])
            together.wait()
            return found

        return SimpleNamespace(several=True, of_each=of_each)

    def said(index: int) -> str:
        try:
            checks[index](worker(index))
        except ValueError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(len(checks)) as pool:
        return list(pool.map(said, range(len(checks))))


def command(options: dict, begins: bool = True) -> Callable[[SimpleNamespace], None]:
    return lambda workers: check_same_command(flat(with_options(TrainConfig(), options)), begins, workers)


@pytest.mark.parametrize(
    ("others", "has"),
    [
        ([{"data": "b"}, {"data": "a"}], "Worker 1 has another --data than worker 0"),
        ([{"data": "b"}, {"data": "b"}], "Workers 1, 2 have another --data than worker 0"),
        ([{"data": "a"}, {"data": "a", "learning_rate": 0.1}], "Worker 2 has another --learning-rate than worker 0"),
    ],
)
def test_every_worker_names_the_first_setting_that_differs(others, has):
    said = said_by_each([command({"data": "a"}), *map(command, others)])
    assert said == [f"{has}, so they cannot train together. Start all workers with the same flags."] * 3


def test_the_place_of_the_runs_and_the_flags_of_those_who_go_on_may_differ():
    assert said_by_each([command({"data": "a", "runs": path}) for path in ("/mnt/runs", "/nfs/runs")]) == [""] * 2
    assert said_by_each([command({"epochs": 30}, begins=False), command({"epochs": 60}, begins=False)]) == [""] * 2


def test_workers_of_which_some_begin_a_run_and_some_go_on_do_not_train_together():
    begin, go_on = command({"data": "a"}), command({"data": "b", "epochs": 60}, begins=False)
    assert (
        said_by_each([go_on, begin, begin])
        == [
            "Worker 1 begins a run and worker 0 goes on with one, so they cannot train together. Start all workers "
            "with --resume, or none of them."
        ]
        * 3
    )
    assert said_by_each([begin, go_on])[0].startswith("Worker 0 begins a run and worker 1 goes on with one")


def test_a_worker_that_found_an_older_checkpoint_is_named():
    newest, older = Checkpoint({}, {"sha256": "a"}), Checkpoint({}, {"sha256": "b"})
    said = said_by_each([partial(check_same_checkpoint, each) for each in (newest, older, None)])
    assert set(said) == {
        "Workers 1, 2 have another checkpoint than worker 0, so they cannot train together. "
        "Start all workers again with --resume."
    }
    assert said_by_each([partial(check_same_checkpoint, None)] * 2) == [""] * 2
