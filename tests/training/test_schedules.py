import keras
import numpy as np
import pytest

from imgcls.training.schedules import SHAPES, Schedule

STEPS = 1000


def course(shape: str, warmup: int = 0) -> np.ndarray:
    schedule = Schedule(shape, 0.1, STEPS, warmup)
    return np.array([float(schedule(step)) for step in range(0, STEPS, 10)])


def test_the_cosine_is_that_of_keras():
    theirs = keras.optimizers.schedules.CosineDecay(0.0, STEPS - 100, warmup_target=0.1, warmup_steps=100)
    expected = [float(theirs(step)) for step in range(0, STEPS, 10)]
    assert course("cosine", warmup=100) == pytest.approx(np.array(expected), abs=1e-7)


@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"finder"}))
def test_every_course_stays_below_its_peak(shape):
    rates = course(shape, warmup=100)
    assert rates.max() == pytest.approx(0.1, rel=0.1)
    assert rates.min() >= 0


def test_the_steps_drop_to_a_tenth_twice():
    assert sorted(set(course("steps").round(6).tolist())) == [0.001, 0.01, 0.1]


def test_warm_restarts_come_back_twice_and_end_low():
    rates = course("warm_restarts")
    jumps = np.flatnonzero(np.diff(rates) > 0.05)
    assert len(jumps) == 2
    assert jumps == pytest.approx(np.array([100 / 7, 300 / 7]), abs=1)
    assert rates[-1] < 0.001


def test_one_cycle_rises_and_falls():
    rates = course("one_cycle", warmup=100)
    assert rates[0] == pytest.approx(0.1 / 25)
    assert 29 <= rates.argmax() <= 31
    assert rates[-1] < 0.001


def test_a_stage_begins_the_course_anew_and_a_plateau_lowers_it():
    schedule = Schedule("plateau", 0.1, STEPS)
    schedule.begin_stage(500, 100, 0.02)
    schedule.factor.assign(0.5)
    assert float(schedule(510)) == pytest.approx(0.01)
