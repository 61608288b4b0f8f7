"""A run with a network of the user's own keeps the file, so that it does not depend on what becomes of it."""

from dataclasses import replace

import pytest

from imgcls.config import NetworkConfig
from imgcls.config_file import load_toml
from imgcls.models import load_model
from imgcls.workflow.create import create_run

NETWORK = """import keras
from imgcls.models import architecture


class Halved(keras.layers.Layer):
    def call(self, x):
        return x / 2


@architecture("kept_net", image_size=28)
def kept_net(net, x):
    for stage, filters in enumerate((4, 8), start=1):
        x = net.conv_norm_act(x, filters, 3, strides=2, name=f"stage{stage}")
    return net.apply(Halved(name="halved"), x)
"""


@pytest.mark.slow
def test_a_run_goes_on_with_the_network_that_it_began_with(tiny_config, tmp_path, command):
    file = tmp_path / "my_net.py"
    file.write_text(NETWORK)
    config = replace(tiny_config(epochs=1), network=NetworkConfig(model=str(file), weights="none"))
    run, _ = create_run(config)
    file.write_text(NETWORK.replace("(4, 8)", "(4, 6)"))
    result = command("train", "--resume", run.path)
    assert result.code == 0
    assert f"warning: {file} has changed since the run began. The run goes on with the network" in result.err
    assert load_toml(run.config_file).network.model == str(file)
    file.unlink()
    assert load_model(run.model_file).get_layer("embedding").output.shape == (None, 8)
    again = command("evaluate", run.path)
    assert (again.code, again.err) == (0, "")
