"""What a run begins with: layers of a shallower network, and a learning rate that it finds itself."""

from dataclasses import replace

import numpy as np
import pytest

from imgcls.models import load_model
from imgcls.training.run import train_network
from imgcls.workflow.create import create_run
from tests.training.conftest import TINY


@pytest.mark.slow
def test_a_deep_network_starts_from_a_shallower_run(tiny_config, tmp_path):
    shallow, manifest = create_run(tiny_config(name="shallow", epochs=1))
    train_network(shallow, manifest)
    deeper = tmp_path / "deeper.py"
    deeper.write_text(TINY.format(name="deeper_test_net").replace("(4, 8, 8)", "(4, 8, 8, 8)"))
    config = tiny_config(name="deep", epochs=1, learning_rate=1e-8, seed=1)
    config = replace(config, network=replace(config.network, model=str(deeper), init_from=str(shallow.path)))
    deep, manifest = create_run(config)
    train_network(deep, manifest)
    before, after = load_model(shallow.model_file), load_model(deep.model_file)
    for stage in (1, 2, 3):
        kernels = [model.get_layer(f"stage{stage}_conv").kernel.numpy() for model in (before, after)]
        assert np.abs(kernels[0] - kernels[1]).max() < 1e-5
    with pytest.raises(FileNotFoundError, match="--init-from is 'nowhere'"):
        create_run(replace(config, network=replace(config.network, init_from="nowhere")))


def test_a_found_learning_rate_is_used_and_drawn(tiny_config, caplog):
    run, manifest = create_run(tiny_config(name="found", epochs=2, find_learning_rate=True, warmup_epochs=0.0))
    caplog.set_level("INFO", "imgcls")
    assert train_network(run, manifest)
    training = run.config.training
    assert not training.find_learning_rate
    assert 1e-6 < training.learning_rate < 1.0
    assert training.learning_rate != 0.01
    assert any(f"--learning-rate {training.learning_rate:g}" in line for line in caplog.messages)
    assert "<svg" in run.learning_rate_image.read_text()
    assert max(row["learning_rate"] for row in run.metrics()) <= training.learning_rate
