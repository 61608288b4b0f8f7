import threading

import pytest

from imgcls.serving.read_ahead import read_ahead


def test_results_keep_the_order_and_only_so_many_items_are_taken():
    taken, gate = [], threading.Event()

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    def work(number):
        if number % 2 == 0:
            gate.wait(5)  # the even ones wait for the first odd one
        gate.set()
        return number

    for done, result in enumerate(read_ahead(work, items(), threads=4, most=6), 1):
        assert result == done - 1
        assert len(taken) <= done + 6
    assert done == 1000


def test_an_error_reaches_whoever_takes_the_results():
    results = read_ahead(lambda number: 1 // number, [1, 0, 1], threads=2, most=2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        list(results)
