"""Before a run on several devices: one step of theirs against the same step on one device."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imgcls.framework_internals import all_layers
from imgcls.training.devices.strategy import shares_of_devices
from imgcls.training.trainer import Trainer

LARGEST_DIFFERENCE = {"float32": 1e-4, "bfloat16": 3e-2, "float16": 5e-3}  # of the largest number, by precision


def check_against_one_device(trainer: Trainer, batch: list[Any]) -> float:
    """Compare loss, right answers and gradients of one global batch; nothing is changed.

    Random layers are left out, because each device draws for itself. Where each device normalizes over its own images,
    so does the one device, a share at a time.

    Args:
        trainer: of the run.
        batch: (inputs, targets, weights), as the strategy distributes it.

    Returns:
        The largest relative difference.

    Raises:
        RuntimeError: the difference is above what the precision explains.
    """
    arrays, state = trainer.state()
    step, strategy = trainer.step, trainer.strategy
    with _without_randomness(trainer.model):
        (loss, correct, norm, _), gradients = step.reduced_gradients(*batch)
        theirs = [loss, correct, norm, *(_first(strategy, gradient) for gradient in gradients)]
        whole = [tf.concat(_of_all_workers(strategy, part), 0) for part in batch]
        ours = _on_one_device(trainer, whole)
    trainer.restore(arrays, state)
    difference = max(relative_difference(a.numpy(), b.numpy()) for a, b in zip(theirs, ours, strict=True))
    most = max(_largest_difference(layer.compute_dtype, strategy) for layer in all_layers(trainer.model))
    if not difference <= most:
        raise RuntimeError(
            f"A step on {strategy.num_replicas_in_sync} devices differs from the same step on one by {difference:.1g} "
            f"(relative; expected at most {most:g}). Train with --strategy one_device."
        )
    return difference


def _largest_difference(dtype: str, strategy: tf.distribute.Strategy) -> float:
    on_gpu = "GPU" in strategy.extended.worker_devices[0]
    if dtype == "float32" and on_gpu and tf.config.experimental.tensor_float_32_execution_enabled():
        dtype = "float16"  # to as many bits cards round float32
    return LARGEST_DIFFERENCE.get(dtype, 0.0)


def _on_one_device(trainer: Trainer, batch: list[Any]) -> list[tf.Tensor]:
    together = any(getattr(layer, "synchronized", False) for layer in all_layers(trainer.model))
    sizes = [trainer.batch_size] if together else shares_of_devices(trainer.batch_size, trainer.strategy)
    parts = [tf.split(x, sizes) for x in batch]

    @tf.function(autograph=False)
    def run() -> list[tf.Tensor]:
        totals: list[tf.Tensor] = []
        for number in range(len(sizes)):
            pixels, targets, weights = (p[number] for p in parts)
            loss, correct, gradients = trainer.step.share(pixels, targets, weights, shares=len(sizes))
            found = [loss, correct, *gradients]
            totals = found if not totals else [a + b for a, b in zip(totals, found, strict=True)]
        loss, correct, *gradients = totals
        norm = tf.linalg.global_norm(gradients)
        if trainer.options.global_clipnorm:
            gradients, _ = tf.clip_by_global_norm(gradients, trainer.options.global_clipnorm, use_norm=norm)
        return [loss, correct, norm, *gradients]

    return run()


def _of_all_workers(strategy: tf.distribute.Strategy, part: tf.Tensor) -> list[tf.Tensor]:
    """Each device's share of a distributed batch, those of other workers too, in the order of the devices."""
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return [strategy.gather(part, axis=0)]
    return list(strategy.experimental_local_results(part))


def _first(strategy: tf.distribute.Strategy, value: object) -> tf.Tensor:
    return strategy.experimental_local_results(value)[0]


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, as a share of the largest number; gradients that are rounding alone count as equal."""
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-3)) if a.size else 0.0


@contextmanager
def _without_randomness(model: keras.Model) -> Iterator[None]:
    """Dropout and its like as in inference."""
    with ExitStack() as stack:
        for layer in all_layers(model):
            if getattr(layer, "_seed_generators", []):
                stack.enter_context(_in_inference(layer))
        yield


@contextmanager
def _in_inference(layer: keras.layers.Layer) -> Iterator[None]:
    call = layer.call
    object.__setattr__(layer, "call", lambda *inputs, training=None, **others: call(*inputs, training=False, **others))
    try:
        yield
    finally:
        object.__delattr__(layer, "call")
