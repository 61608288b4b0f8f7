"""Before a run on several devices: one step of theirs against the same step on one device."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from imgcls.framework_internals import all_layers
from imgcls.training.devices.strategy import shares_of_devices
from imgcls.training.trainer import Trainer

LARGEST_DIFFERENCE = {"float32": 1e-4, "bfloat16": 3e-2, "float16": 5e-3}  # relative, by precision
ONE_ROUNDING = 0.1  # of these: about the last bit of 16
ROUNDINGS = 1.5  # times the difference that rounding makes by itself, which gradients may differ by
LARGEST_OF_NORM = 0.3  # relative; half or double the gradient is above it, however much rounding changes parts of it
SMALLEST = 1e-3  # what is smaller is compared with this


def check_against_one_device(trainer: Trainer, batch: list[Any]) -> float:
    """Compare loss, right answers and gradients of one global batch; nothing is changed.

    Random layers are left out, because each device draws for itself. Where each device normalizes over its own images,
    so does the one device, a share at a time. Statistics over the batches of all devices are summed in another order.
    In 16 bits that changes gradients by some percent, and more the deeper the network is. How much rounding changes
    is measured: the one device computes the batch a second time, in reverse order and with its last bits changed.

    Args:
        trainer: of the run.
        batch: (inputs, targets, weights), as the strategy distributes it.

    Returns:
        The largest relative difference.

    Raises:
        RuntimeError: a difference is above what rounding explains.
    """
    arrays, state = trainer.state()
    step, strategy = trainer.step, trainer.strategy
    least = max(_largest_difference(layer.compute_dtype, strategy) for layer in all_layers(trainer.model))
    with _without_randomness(trainer.model):
        (loss, correct, norm, _), gradients = step.reduced_gradients(*batch)
        theirs = [loss, correct, norm, *(_first(strategy, gradient) for gradient in gradients)]
        whole = [tf.concat(_of_all_workers(strategy, part), 0) for part in batch]
        ours, again = _on_one_device(trainer, whole, least * ONE_ROUNDING)
    trainer.restore(arrays, state)
    found, rounding = (_differences(x, ours, trainer.batch_size) for x in (theirs, again))
    by_rounding = max(least, ROUNDINGS * rounding.gradients)
    expected = Differences(least, by_rounding, max(least, min(by_rounding, LARGEST_OF_NORM)), by_rounding)
    for difference, most in zip(found, expected, strict=True):
        if not difference <= most:
            raise RuntimeError(
                f"A step on {strategy.num_replicas_in_sync} devices differs from the same step on one by "
                f"{difference:.1g} (relative; expected at most {most:.1g}). Train with --strategy one_device."
            )
    return max(found)


class Differences(NamedTuple):
    """Of two computations of a step, relative.

    Attributes:
        loss: Shows statistics that are not those of the whole batch.
        right: Of the share of the batch's images.
        norm: Shows gradients that are summed in a wrong way.
        gradients: Of the variable that differs most.
    """

    loss: float
    right: float
    norm: float
    gradients: float


def _differences(a: list[tf.Tensor], b: list[tf.Tensor], images: int) -> Differences:
    """Of loss, right answers, norm and gradients.

    The difference of a variable's gradient is compared with the gradient, or with that of a usual variable if it is
    larger: some, such as that of a bias before a normalization, are rounding alone.
    """
    (loss, right, norm, *gradients), (loss_of_b, right_of_b, norm_of_b, *gradients_of_b) = (
        [x.numpy() for x in each] for each in (a, b)
    )
    usual = max(SMALLEST, np.sqrt(np.mean([np.sum(np.square(x)) for x in gradients_of_b])))
    apart = [
        np.linalg.norm(x - y) / max(np.linalg.norm(y), usual) for x, y in zip(gradients, gradients_of_b, strict=True)
    ]
    return Differences(
        relative_difference(loss, loss_of_b),
        float(abs(right - right_of_b) / images),
        relative_difference(norm, norm_of_b),
        float(np.max(apart)),  # which is not a number if one is none
    )


def _largest_difference(dtype: str, strategy: tf.distribute.Strategy) -> float:
    on_gpu = "GPU" in strategy.extended.worker_devices[0]
    if dtype == "float32" and on_gpu and tf.config.experimental.tensor_float_32_execution_enabled():
        dtype = "float16"  # to as many bits cards round float32
    return LARGEST_DIFFERENCE.get(dtype, 0.0)


def _on_one_device(trainer: Trainer, batch: list[Any], rounding: float) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """Loss, right answers, norm and gradients; and these of reversed shares with pixels larger by a bit."""
    together = any(getattr(layer, "synchronized", False) for layer in all_layers(trainer.model))
    sizes = [trainer.batch_size] if together else shares_of_devices(trainer.batch_size, trainer.strategy)
    parts = [tf.split(x, sizes) for x in batch]

    @tf.function(autograph=False)
    def run(parts: list[list[tf.Tensor]]) -> list[tf.Tensor]:
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

    pixels, *others = ([share[::-1] for share in shares] for shares in parts)
    larger = [tf.cast(share, tf.float32) * (1.0 + rounding) for share in pixels]
    return run(parts), run([larger, *others])


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
