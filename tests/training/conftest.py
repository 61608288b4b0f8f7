"""A network that is built and traced in a second, and runs with it."""

from pathlib import Path

import pytest

from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
from tests.conftest import copy_sample

TINY = """from imgcls.models import architecture


@architecture("{name}", image_size=28)
def tiny(net, x):
    for stage, filters in enumerate((4, 8, 8), start=1):
        x = net.conv_norm_act(x, filters, 3, strides=2, name=f"stage{{stage}}")
    return x
"""


@pytest.fixture(scope="session")
def tiny_net(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("nets") / "tiny.py"
    file.write_text(TINY.format(name="tiny_test_net"))
    return file


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory) -> Path:
    return copy_sample(tmp_path_factory.mktemp("data") / "tiny", ("bag", "trouser"), 24, 4)


@pytest.fixture
def tiny_config(tiny_net, tiny_data, tmp_path):
    """Makes configs of runs that take seconds: tiny_config(plan="all", epochs=3)."""

    def make(name: str = "tiny", weights: str = "none", plan: str = "auto", unfreeze: int = 0, **training):
        settings = {"epochs": 2, "batch_size": 8, "precision": "float32", "learning_rate": 0.01, **training}
        return TrainConfig(
            input=InputConfig(data=str(tiny_data)),
            network=NetworkConfig(model=str(tiny_net), weights=weights, plan=plan, unfreeze=unfreeze),
            training=TrainingConfig(**settings),
            runs=str(tmp_path),
            name=name,
        )

    return make
