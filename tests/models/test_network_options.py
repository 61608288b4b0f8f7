"""No option is lost on its way from the config to the layers."""

import dataclasses
from typing import get_type_hints

import keras
import pytest

from imgcls.config import NetworkConfig
from imgcls.models import NetworkOptions, architecture, build_model
from imgcls.models.network_options import NetworkKeywords, option_names
from imgcls.training.network import network_options

ELSEWHERE = {
    "model",
    "weights",
    "plan",
    "unfreeze",
    "init_from",
    "preprocessing",
}  # of NetworkConfig: not options of a network
OTHER = {  # a value of each option that its default differs from
    "data_format": {"data_format": "channels_first"},
    "activation": {"activation": "elu"},
    "normalization": {"normalization": "group"},
    "pooling": {"pooling": "max"},
    "initializer": {"initializer": "orthogonal"},
    "regularizer": {"regularizer": "l2"},
    "regularizer_strength": {"regularizer": "l2", "regularizer_strength": 0.25},
    "dropout": {"dropout": 0.5},
    "drop_path": {"drop_path": 0.5},
    "auxiliary_heads": {"auxiliary_heads": True},
}


def auxiliary_head(net, x, num_classes, number):
    return net.logits(net.global_pool(x, "average", name=f"aside{number}_pool"), num_classes, name=f"aside{number}")


@architecture("net_of_options", image_size=16, auxiliary_head=auxiliary_head)
def net_of_options(net, x):
    x = net.conv_norm_act(x, 4, 3, name="stem")
    net.branch_off(x)
    return net.add(x, net.stochastic(net.conv(x, 4, 3, name="conv"), 0.5, name="drop"), name="sum")


def layers_of(**keywords) -> list[dict]:
    model = build_model("net_of_options", (16, 16, 3), num_classes=2, **keywords)
    return [keras.saving.serialize_keras_object(layer) for layer in model.layers]


def test_every_field_of_the_config_is_an_option_or_used_elsewhere():
    assert {field.name for field in dataclasses.fields(NetworkConfig)} == {*option_names(), *ELSEWHERE}


def test_every_option_is_a_keyword():
    hints = get_type_hints(NetworkKeywords)
    assert hints == get_type_hints(NetworkOptions)
    assert list(OTHER) == option_names()


@pytest.mark.parametrize("name", option_names())
def test_every_option_changes_the_network(name):
    without = {other: value for other, value in OTHER[name].items() if other != name}
    assert layers_of(**OTHER[name]) != layers_of(**without)
    assert layers_of(options=NetworkOptions(**OTHER[name])) == layers_of(**OTHER[name])


@pytest.mark.parametrize("name", option_names())
def test_every_field_of_the_config_reaches_the_network(name):
    options = network_options(NetworkConfig(model="net_of_options", **OTHER[name]))
    default = dataclasses.asdict(network_options(NetworkConfig(model="net_of_options")))
    expected = {**default, **OTHER[name]}
    assert dataclasses.asdict(options) == expected


def test_auxiliary_heads_are_left_out_where_there_are_none():
    assert not network_options(NetworkConfig(model="resnet20")).auxiliary_heads


def test_a_keyword_replaces_an_option():
    options = NetworkOptions(activation="elu", dropout=0.5)
    assert options.changed(dropout=0.1) == NetworkOptions(activation="elu", dropout=0.1)


def test_an_unknown_option_is_named():
    with pytest.raises(TypeError, match=r"no option 'activaton'\. Did you mean 'activation'\?"):
        build_model("net_of_options", (16, 16, 3), num_classes=2, activaton="elu")
