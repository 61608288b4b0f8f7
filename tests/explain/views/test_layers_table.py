"""The layers that can be looked into."""

import pandas as pd

from imgcls.explain.network import Network
from imgcls.explain.views.layers_table import layers_table
from imgcls.models import build_model


def test_it_says_what_each_layer_has_and_sees():
    table = layers_table(Network(build_model("resnet20", class_names=["a", "b"]))).set_index("layer")
    assert table.loc["stem_conv", ["kind", "height", "width", "units", "field", "stride"]].tolist() == [
        "Conv2D", 32, 32, 16, "3", 1,
    ]  # fmt: skip
    assert table["stride"].max() == 4
    assert table.index.is_unique


def test_a_network_without_feature_maps_has_an_empty_table():
    table = layers_table(Network(build_model("mlp", class_names=["a", "b"])))
    assert isinstance(table, pd.DataFrame)
    assert set(table["field"]) <= {"1", "all", "unknown"}
