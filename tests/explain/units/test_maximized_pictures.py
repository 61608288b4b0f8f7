import numpy as np

from imgcls.explain.network import Network
from imgcls.explain.units.maximization import MaximizationOptions, Maximized
from imgcls.explain.units.maximized_pictures import maximized_pictures
from imgcls.explain.units.wish import Wish
from imgcls.models import build_model


def test_a_picture_says_what_was_wished_by_which_network_and_how():
    network = Network(build_model("lenet5", class_names=["cat", "dog"]))
    after = np.array([7.5, 0.5], np.float32)
    wishes = (Wish("dog"), Wish(layer="c1", unit=2))
    found = Maximized(wishes, np.zeros((2, 32, 32, 1), np.float32), np.float32([0.5, 0.5]), after, np.zeros((1, 2)))
    dog, unit = maximized_pictures(network, found, MaximizationOptions(seed=7), ["run small"])
    assert "dog" in dog.title
    assert dog.lines[:2] == ("run small", "network lenet5")
    assert "total variation" in dog.lines[2]
    assert "seed 7" in dog.lines[2]
    assert dog.lines[3] == "logit 0.5 before, 7.5 after"
    assert "c1, unit 2" in unit.title
    assert len(dog.image.getcolors()) == 1
    assert len(unit.image.getcolors()) > 1  # a band says that its score did not rise
