"""What a run keeps of each epoch, and that it trains the same weights with and without it."""

from dataclasses import replace

import numpy as np
import pytest

from imgcls.config import NetworkConfig
from imgcls.models import load_model
from imgcls.run_folder import RunFolder
from imgcls.training.run import train_network
from imgcls.training.run_checkpoints import RunCheckpoints
from imgcls.training.watching import WatchedEpoch, averaged_down, watched_epochs
from imgcls.workflow.create import create_run


def trained(config) -> RunFolder:
    run, manifest = create_run(config)
    assert train_network(run, manifest)
    return run


def weights(run: RunFolder) -> list[np.ndarray]:
    return load_model(run.model_file).get_weights()


def equal(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))


def has_dead_second_epoch(run: RunFolder, manifest, monkeypatch) -> None:
    """Train until just before the checkpoint of the second epoch, as a process does that is killed there."""
    save, saved = RunCheckpoints.save, []

    def die_at_the_second(self):
        saved.append(1)
        if len(saved) == 2:
            raise KeyboardInterrupt
        save(self)

    with monkeypatch.context() as patch:
        patch.setattr(RunCheckpoints, "save", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            train_network(run, manifest)


@pytest.mark.slow
def test_a_watched_run_ends_with_the_weights_of_another_also_if_it_is_killed_between(tiny_config, monkeypatch):
    watched, other = (trained(tiny_config(str(on), watch=on, ema_momentum=0.9, epochs=3)) for on in (True, False))
    assert equal(weights(watched), weights(other))
    assert watched_epochs(watched.watch) == [0, 1, 2, 3]
    assert not other.watch.exists()
    broken, manifest = create_run(tiny_config("broken", watch=True, ema_momentum=0.9, epochs=3))
    has_dead_second_epoch(broken, manifest, monkeypatch)
    assert watched_epochs(broken.watch) == [0, 1, 2]
    stale = broken.watch / "epoch_0007.npz"
    stale.write_bytes(b"of another time")
    assert train_network(broken, manifest)
    assert equal(weights(broken), weights(watched))
    files = {path.name: path.read_bytes() for path in watched.watch.iterdir()}
    assert {path.name: path.read_bytes() for path in broken.watch.iterdir()} == files


@pytest.mark.slow
def test_on_several_devices_the_weights_are_the_same_and_every_epoch_is_kept(tiny_config):
    watched, other = (trained(tiny_config(str(on), watch=on, strategy="mirrored")) for on in (True, False))
    assert equal(weights(watched), weights(other))
    assert watched_epochs(watched.watch) == [0, 1, 2]
    first, last = (WatchedEpoch.load(watched.watch, epoch) for epoch in (0, 2))
    assert first.kernel.shape == (3, 3, 1, 4)
    assert {name: maps.shape for name, maps in last.maps.items()} == {
        "stage1": (4, 14, 14, 4),
        "stage2": (4, 7, 7, 8),
        "stage3": (4, 4, 4, 8),
    }
    assert not np.array_equal(first.kernel, last.kernel)
    assert not np.array_equal(first.maps["stage3"], last.maps["stage3"])


@pytest.mark.slow
def test_a_network_in_channels_first_is_kept_as_one_in_channels_last(tiny_config):
    kept = []
    for layout in ("channels_last", "channels_first"):
        config = tiny_config(layout, watch=True, epochs=1)
        run = trained(replace(config, network=replace(config.network, data_format=layout)))
        kept.append(WatchedEpoch.load(run.watch, 0))
    for name, maps in kept[0].maps.items():
        assert np.allclose(maps, kept[1].maps[name], atol=1e-2)


@pytest.mark.thorough
def test_a_backbone_that_stays_frozen_is_kept_once(tiny_config, earlier):
    assert watched_epochs(trained(tiny_config(watch=True, weights=earlier, plan="head", feature_views=1)).watch) == [0]


@pytest.mark.thorough
def test_a_network_without_convolutions_trains_and_the_log_says_what_is_missing(tiny_config, caplog):
    caplog.set_level("INFO")
    config = tiny_config(watch=True, epochs=1)
    run = trained(replace(config, network=NetworkConfig(model="mlp", weights="none")))
    assert "--watch has nothing to draw: mlp has no convolution." in caplog.text
    assert not run.watch.exists()


def test_large_maps_are_averaged_down():
    maps = np.arange(2 * 113 * 60 * 3, dtype=float).reshape(2, 113, 60, 3)
    small = averaged_down(maps, 56)
    assert small.shape == (2, 37, 20, 3)
    assert small[0, 0, 0, 0] == pytest.approx(maps[0, :3, :3, 0].mean())
