"""A network that is built and traced in a second, and runs with it."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from imgcls.config import InputConfig, JudgementConfig, NetworkConfig, TrainConfig, TrainingConfig
from imgcls.run_folder import RunFolder
from imgcls.training.run import train_network
from imgcls.workflow.create import create_run
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


@pytest.fixture(scope="session")
def config_in(tiny_net, tiny_data):
    """Makes configs of runs that take seconds, in a folder: config_in(folder, plan="all", epochs=3)."""

    def make(runs: Path, name: str = "tiny", weights: str = "none", plan: str = "auto", unfreeze: int = 0, **training):
        settings = {"epochs": 2, "batch_size": 8, "precision": "float32", "learning_rate": 0.01, **training}
        return TrainConfig(
            input=InputConfig(data=str(tiny_data)),
            network=NetworkConfig(model=str(tiny_net), weights=weights, plan=plan, unfreeze=unfreeze),
            training=TrainingConfig(**settings),
            judgement=JudgementConfig(calibrate=False),
            runs=str(runs),
            name=name,
        )

    return make


@pytest.fixture
def tiny_config(config_in, tmp_path):
    """Makes configs of runs that take seconds: tiny_config(plan="all", epochs=3)."""
    return partial(config_in, tmp_path)


@pytest.fixture(scope="session")
def tiny_run(config_in, tmp_path_factory) -> RunFolder:
    """A run of two epochs, with layers of keras-cv and Keras; tests that write into it take a copy."""
    config = config_in(tmp_path_factory.mktemp("runs"))
    layers = ("keras_cv.RandomShear(0.1)", "keras.RandomErasing(scale=(0.02, 0.1))")
    run, manifest = create_run(replace(config, input=replace(config.input, augmentation_layers=layers)))
    assert train_network(run, manifest)
    return run


@pytest.fixture(scope="session")
def earlier(tiny_run) -> str:
    """Weights that a run can start from."""
    return str(tiny_run.model_file)
