import numpy as np
import pytest

from imgcls.explain.network import Network
from imgcls.explain.units.maximization import MaximizationOptions, maximize
from imgcls.explain.units.wish import Wish
from imgcls.models import build_model, load_model

FEW = MaximizationOptions(steps=24)


@pytest.fixture(scope="module")
def trained(small_run):
    return Network(load_model(small_run.path / "model.keras"))


@pytest.mark.thorough
def test_each_class_gets_the_image_that_speaks_most_for_it(trained):
    done = []
    options = MaximizationOptions(steps=48, on_progress=lambda step, of=None: done.append((step, of)))
    found = maximize(trained, [Wish(name) for name in trained.class_names], options)
    logits = trained.run(found.pixels).logits.numpy()
    assert logits.argmax(axis=0).tolist() == [0, 1, 2]  # of the three images; a class may be weaker than another in all
    assert np.allclose(logits.diagonal(), found.after, atol=1e-3)
    assert (found.after > found.before).all()
    assert found.problems == ["", "", ""]
    assert 0 <= found.pixels.min() <= found.pixels.max() <= 255
    assert found.history.shape == (48, 3)
    assert done == [(step, 48) for step in range(1, 49)]


@pytest.mark.thorough
def test_the_seed_decides(trained):
    wishes = [Wish(trained.class_names[0]), Wish(layer="stem", unit=1)]
    one, same = (maximize(trained, wishes, FEW) for _ in range(2))
    other = maximize(trained, wishes, MaximizationOptions(steps=24, seed=1))
    assert (one.pixels == same.pixels).all()
    assert (one.history == same.history).all()
    assert np.abs(one.pixels - other.pixels).max() > 1


def test_units_rise_by_their_mean_and_by_their_center(trained):
    layer = trained.last_map.name
    found = maximize(trained, [Wish(layer=layer, unit=3), Wish(layer=layer, unit=3, center=True)], FEW)
    assert (found.after > found.before).all()


def test_a_unit_that_is_silent_at_the_start_is_woken():
    model = build_model("lenet5_relu", class_names=["cat", "dog"])
    layer = model.get_layer("c1_conv")
    layer.kernel.assign(np.ones(layer.kernel.shape) / 25)
    layer.bias.assign(np.full(6, -0.6))  # gray noise is below, a white image above
    found = maximize(Network(model), [Wish(layer="c1", unit=0)], MaximizationOptions(steps=64, learning_rate=0.2))
    assert found.before[0] == 0
    assert found.after[0] > 0


def test_what_nothing_excites_is_said():
    model = build_model("lenet5_relu", class_names=["cat", "dog"])
    for variable in model.get_layer("c1_conv").weights:
        variable.assign(np.zeros(variable.shape))
    found = maximize(Network(model), [Wish(layer="c1", unit=0)], MaximizationOptions(steps=2))
    assert "did not rise" in found.problems[0]


@pytest.mark.thorough
def test_penalties_and_blur_smooth_the_image(trained):
    def roughness(**choices):
        options = MaximizationOptions(steps=24, **{"total_variation": 0, "l2": 0, **choices})
        return np.abs(np.diff(maximize(trained, [Wish(trained.class_names[0])], options).pixels, axis=1)).mean()

    plain = roughness()
    assert roughness(total_variation=5) < 0.8 * plain
    assert roughness(l2=100) < 0.9 * plain
    assert roughness(blur_every=2, blur=0.03) < 0.8 * plain


def test_the_regularizers_are_said():
    assert "total variation 0.5" in MaximizationOptions().regularizers
    assert "blur every 4 steps" in MaximizationOptions(blur_every=4).regularizers


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"learning_rate": 0}, {"scale": 1}, {"l2": -1}, {"blur_every": -1}, {"contrast": -0.1}]
)
def test_a_wrong_option_is_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MaximizationOptions(**wrong)
