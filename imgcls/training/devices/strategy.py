"""Which devices a run uses: the only place that chooses a tf.distribute strategy."""

import os

import keras
import tensorflow as tf

from imgcls.counted import counted
from imgcls.data.batches.shares import shares
from imgcls.framework_internals import all_layers, check_workers_every, place_among_workers, use_next_collective_keys
from imgcls.training.devices.cluster import Cluster, find_cluster
from imgcls.training.devices.roll_call import await_workers, patience

KEYS_A_STRATEGY = 100_000  # of groups and reductions
HEALTH_SECONDS = 10  # between two looks at whether the other workers live


_workers: tf.distribute.Strategy | None = None


def join_workers(name: str) -> Cluster | None:
    """Join the other workers, and wait for them. Call it before TensorFlow has done anything.

    Args:
        name: of the strategy; only "multi_worker" and "auto" join.

    Returns:
        The workers; None if this process is alone.

    Raises:
        ValueError: "multi_worker" finds no other workers.
        ConnectionError: a worker is not there within a minute, or what IMGCLS_WORKERS_WITHIN says.
    """
    global _workers
    cluster = find_cluster() if name in ("auto", "multi_worker") else None
    if cluster is None:
        if name == "multi_worker":
            raise ValueError(
                "--strategy multi_worker found no other workers. Set TF_CONFIG, start it with Slurm, or as deploy/ "
                "does on Kubernetes; for this machine alone choose --strategy auto, with --resume as well."
            )
        return None
    await_workers(cluster, patience())
    os.environ["TF_CONFIG"] = cluster.tf_config()
    _workers = tf.distribute.MultiWorkerMirroredStrategy()
    check_workers_every(_workers, HEALTH_SECONDS)
    return cluster


def make_strategy(name: str) -> tf.distribute.Strategy:
    """Make a strategy.

    Args:
        name: "one_device", "mirrored" over all GPUs (or logical CPUs where there is none), "multi_worker" over the
            workers that were joined, or "auto": what is there.
    """
    if _workers is not None and name in ("auto", "multi_worker"):
        return _workers
    gpus = tf.config.list_logical_devices("GPU")
    devices = gpus or tf.config.list_logical_devices("CPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        use_next_collective_keys(KEYS_A_STRATEGY)
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.OneDeviceStrategy(devices[0].name)


def shares_of_devices(images: int, strategy: tf.distribute.Strategy) -> list[int]:
    """The images of a batch that each device computes, those of other workers too, in the order of the devices."""
    workers = place_among_workers(strategy)[1]
    devices = strategy.num_replicas_in_sync // workers
    return [size for share in shares(images, workers) for size in shares(share, devices)]


def can_share(images: int, parts: int, devices: int) -> bool:
    """Whether each device gets an image of a batch, and shares that are computed in parts have equal ones."""
    return images >= devices if parts == 1 else images % (devices * parts) == 0


def check_batch_size(batch_size: int, parts: int, strategy: tf.distribute.Strategy) -> None:
    """Raise ValueError, with a size that fits, if the devices cannot share a batch.

    Args:
        batch_size: of the global batch.
        parts: in which each device computes its share, one after the other.
        strategy: the devices.
    """
    devices = strategy.num_replicas_in_sync
    if can_share(batch_size, parts, devices):
        return
    nearest = max(1, batch_size // (devices * parts)) * devices * parts
    lacks = (
        f"is fewer images than there are devices ({devices})"
        if parts == 1
        else f"on {counted(devices, 'device')} has no {parts} equal parts a device for --gradient-accumulation-steps"
    )
    raise ValueError(f"--batch-size {batch_size} {lacks}; choose --batch-size {nearest}.")


def check_batch_size_of_run(batch_size: int, parts: int, devices: int) -> None:
    """Raise ValueError if devices cannot share the batches of a run, which keeps the size that it began with.

    Args:
        batch_size: of the global batch.
        parts: in which each device computes its share, one after the other.
        devices: of all workers together.
    """
    if can_share(batch_size, parts, devices):
        return
    fewer = max(count for count in range(1, devices) if can_share(batch_size, parts, count))
    in_parts = f", each share of them in {parts} equal parts" if parts > 1 else ""
    raise ValueError(
        f"The batches of this run have {counted(batch_size, 'image')}{in_parts}, which {devices} devices cannot share. "
        f"A run keeps its batch size: go on with {counted(fewer, 'device')}."
    )


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes: the only one, or the first of several workers."""
    return place_among_workers(strategy)[0] == 0


def sync_batch_normalization(model: keras.Model, together: bool = True) -> None:
    """Let batch normalisation take its statistics over the batches of all devices, or of each by itself."""
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = together
