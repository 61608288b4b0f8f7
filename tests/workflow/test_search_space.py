"""Which fields a search tries, and with which values."""

import pytest

from imgcls.config import TrainConfig
from imgcls.workflow.search_space import parse_range, with_values


def test_ranges_are_read_with_the_section_of_their_field():
    found = parse_range("learning-rate=1e-4:1e-2")
    assert (found.section, found.name, found.values, found.continuous) == (
        "training",
        "learning_rate",
        (1e-4, 1e-2),
        True,
    )
    found = parse_range("dropout=0:0.5")
    assert (found.section, found.values) == ("network", (0.0, 0.5))
    found = parse_range("optimizer=adamw,sgd")
    assert (found.section, found.values, found.continuous) == ("training", ("adamw", "sgd"), False)
    assert parse_range("epochs=3:9").values == (3, 9)
    assert parse_range("nesterov=true,false").values == (True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lerning_rate=1:2", "Did you mean 'learning_rate'"),
        ("epochs", "such as learning_rate"),
        ("epochs=9:3", "no range"),
    ],
)
def test_what_is_no_range_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        parse_range(text)


def test_values_out_of_range_are_refused_before_the_first_run():
    ranges = [parse_range("label_smoothing=0:2")]
    with pytest.raises(ValueError, match="--label-smoothing"):
        with_values(TrainConfig(), {"label_smoothing": 2.0}, ranges)


def test_a_value_that_means_nothing_beside_the_others_is_left_out():
    ranges = [parse_range("weight_decay=0.1:0.2"), parse_range("optimizer=adamw,sgd")]
    sgd, adamw = (with_values(TrainConfig(), {"weight_decay": 0.1, "optimizer": o}, ranges) for o in ("sgd", "adamw"))
    assert (sgd.training.optimizer, sgd.training.weight_decay) == ("sgd", TrainConfig().training.weight_decay)
    assert (adamw.training.optimizer, adamw.training.weight_decay) == ("adamw", 0.1)
