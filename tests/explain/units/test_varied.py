import numpy as np

from imgcls.explain.units.strongest import Strongest
from imgcls.explain.units.varied import varied_units


def strongest_of(responses: np.ndarray, count: int) -> Strongest:
    strongest, names = Strongest(responses.shape[1], count), [str(place) for place in range(len(responses))]
    strongest.add(responses.astype(np.float32), np.zeros(responses.shape, np.int32), names)
    return strongest


def test_selective_units_come_first_and_twins_wait():
    random = np.random.default_rng(0)
    responses = random.uniform(0, 1, (40, 5))
    responses[3:6, 1] += 100  # selective
    responses[3:6, 2] += 50  # the same images again
    responses[20:23, 4] += 10  # other images
    responses[:, 0] = 0  # silent
    strongest = strongest_of(responses, 3)
    assert set(varied_units(strongest, 2)) == {1, 4}
    assert varied_units(strongest, 5)[-1] == 0


def test_only_among_those_that_are_asked_for():
    strongest = strongest_of(np.random.default_rng(0).uniform(0, 1, (30, 8)), 3)
    assert set(varied_units(strongest, 9, among=[2, 5])) == {2, 5}
    assert len(varied_units(strongest, 1, among=[2, 5])) == 1
