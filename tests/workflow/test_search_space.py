"""Which fields a search tries, and with which values."""

import pytest

from imgcls.config import TrainConfig
from imgcls.workflow.search_space import check_space, parse_range, with_values


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
    assert parse_range("nesterov=True,false").values == (True, False)
    assert parse_range("batch_size=auto,16").values == (0, 16)
    assert parse_range("learning_rate=auto,0.01").values == (0.0, 0.01)
    assert parse_range("dropout=0,0.5").text == "0,0.5"
    assert parse_range("weights=C:/nets/a.h5,none").values == ("C:/nets/a.h5", "none")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lerning_rate=1:2", "Did you mean 'learning_rate'"),
        ("epochs", "such as learning_rate"),
        ("epochs=9:3", "no range"),
        ("optimizer=adamw,adagradd,sgd", "'adagradd' is none of adamw, adam, sgd"),
        ("image_size=32,x,64", "'x' is no value; expected a whole number"),
        ("learning_rate=1e-2,", "'' is no value; expected auto or a number"),
        ("learning_rate=0:1e-2", "a range has no auto"),
        ("batch_size=auto:64", "a range has no auto"),
        ("batch_size=many,16", "expected auto or a whole number"),
        ("nesterov=yes,no", "'yes' is neither true nor false"),
        ("augmentation_layers=a,b", "'a' cannot be a value"),
        ("data=a,b", "which images the trials are judged on"),
        ("seed=1,2", "which images the trials are judged on"),
    ],
)
def test_what_is_no_range_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        parse_range(text)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["learning_rate=0.001,-5,0.01"], "--learning-rate is -5"),
        (["dropout=0:0.5", "batch_size=16,-4,32"], "--batch-size is -4"),
        (["dropout=0:0.2", "dropout=0.3:0.4"], "names dropout twice"),
        ([], "names nothing"),
    ],
)
def test_a_space_with_a_value_that_the_config_refuses_is_refused_before_anything_is_written(texts, said):
    with pytest.raises(ValueError, match=said):
        check_space(texts, TrainConfig())


def test_values_out_of_range_are_refused_before_the_first_run():
    ranges = [parse_range("label_smoothing=0:2")]
    with pytest.raises(ValueError, match="--label-smoothing"):
        with_values(TrainConfig(), {"label_smoothing": 2.0}, ranges)


def test_a_value_that_means_nothing_beside_the_others_is_left_out():
    ranges = [parse_range("weight_decay=0.1:0.2"), parse_range("optimizer=adamw,sgd")]
    sgd, adamw = (with_values(TrainConfig(), {"weight_decay": 0.1, "optimizer": o}, ranges) for o in ("sgd", "adamw"))
    assert (sgd.training.optimizer, sgd.training.weight_decay) == ("sgd", TrainConfig().training.weight_decay)
    assert (adamw.training.optimizer, adamw.training.weight_decay) == ("adamw", 0.1)
