"""Which devices a run uses: the only place that chooses a tf.distribute strategy."""

import keras
import tensorflow as tf


def make_strategy(name: str) -> tf.distribute.Strategy:
    """The strategy called `name`: "one_device", "mirrored" over all GPUs (or logical CPUs where there is none), "auto".

    "auto" takes "mirrored" from two GPUs on.
    """
    gpus = tf.config.list_logical_devices("GPU")
    devices = gpus or tf.config.list_logical_devices("CPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.OneDeviceStrategy(devices[0].name)


def check_batch_size(batch_size: int, strategy: tf.distribute.Strategy) -> None:
    """Raise ValueError if the devices would get shares of different size, whose examples would not weigh the same."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        nearest = max(replicas, batch_size // replicas * replicas)
        raise ValueError(
            f"--batch-size {batch_size} cannot be shared equally by {replicas} devices; choose --batch-size {nearest}."
        )


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes: the only one, or the first of several workers."""
    resolver = getattr(strategy, "cluster_resolver", None)
    return resolver is None or not resolver.task_type or (resolver.task_type, resolver.task_id) in CHIEFS


CHIEFS = (("chief", 0), ("worker", 0))


def synchronize_normalization(model: keras.Model, together: bool = True) -> None:
    """Let batch normalisation take its statistics over the batches of all devices, or of each by itself."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = together
