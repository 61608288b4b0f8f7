"""What workers refuse before they train together; `test_workers` has real ones."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import numpy as np
import pytest

from imgcls.config import TrainConfig
from imgcls.training.devices.agreement import check_same_command
from imgcls.workflow.flat_options import flat, with_options


def said_by_each(commands: list[tuple[dict, bool]]) -> list[str]:
    """What each worker says of the others' settings, a thread for each; empty if it trains along."""
    rows, together = {}, Barrier(len(commands), timeout=30)

    def worker(index: int) -> SimpleNamespace:
        def of_each(numbers: np.ndarray) -> np.ndarray:
            rows[index] = numbers
            together.wait()
            found = np.stack([rows[each] for each in range(len(commands))])
            together.wait()
            return found

        return SimpleNamespace(several=True, of_each=of_each)

    def said(index: int) -> str:
        options, begins = commands[index]
        try:
            check_same_command(flat(with_options(TrainConfig(), options)), begins, worker(index))
        except ValueError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(said, range(len(commands))))


@pytest.mark.parametrize(
    ("others", "has"),
    [
        ([{"data": "b"}, {"data": "a"}], "Worker 1 has another --data than worker 0"),
        ([{"data": "b"}, {"data": "b"}], "Workers 1, 2 have another --data than worker 0"),
        ([{"data": "a"}, {"data": "a", "learning_rate": 0.1}], "Worker 2 has another --learning-rate than worker 0"),
    ],
)
def test_every_worker_names_the_first_setting_that_differs(others, has):
    said = said_by_each([({"data": "a"}, True), *((each, True) for each in others)])
    assert said == [f"{has}, so they cannot train together. Start all workers with the same flags."] * 3


def test_the_place_of_the_runs_and_the_flags_of_who_goes_on_may_differ():
    begin = [({"data": "a", "runs": "/mnt/runs"}, True), ({"data": "a", "runs": "/nfs/runs"}, True)]
    assert said_by_each([*begin, ({"data": "b", "epochs": 60}, False)]) == [""] * 3
    assert said_by_each([({"epochs": 30}, False), ({"epochs": 60}, False)]) == [""] * 2
