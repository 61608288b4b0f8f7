"""What the features of a network can do with the images of a run, which decides what is trained of it."""

from dataclasses import replace

from imgcls.config import TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.progress import Progress
from imgcls.training.network import build_network, run_statistics
from imgcls.training.transfer.plan import Choice, choose


def choose_plan(config: TrainConfig, manifest: Manifest, progress: Progress) -> Choice:
    """Probe the features of a network, which are computed once and kept.

    Args:
        config: Of the run, with its network and weights settled.
        manifest: Its images, each with a split.
        progress: Receives how many images have their features.

    Returns:
        The plan, why, and the probes that it was chosen by.
    """
    float32 = replace(config, training=replace(config.training, precision="float32"))
    statistics = run_statistics(config, manifest)
    network = build_network(float32, manifest.class_names, statistics)
    on_progress = progress.of(f"Computing features of {config.network.model}", len(manifest.split("train")))
    return choose(config, manifest, network, statistics, on_progress)
