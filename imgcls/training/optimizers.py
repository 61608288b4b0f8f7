"""Keras' optimizers, made to update from outside of the devices and to scale the update of single variables."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from imgcls.config import TrainingConfig
from imgcls.framework_internals import variable_index

WITHOUT_DECAY = ("bias", "gamma", "beta")  # decay is for kernels: He et al., Bag of Tricks, 2018, section 3.1


if TYPE_CHECKING:
    _Optimizer = keras.optimizers.Optimizer
else:
    _Optimizer = object  # the class stands before one of Keras' optimizers: see `scaled`


class ScaledUpdates(_Optimizer):
    """For a Keras optimizer: each variable may have a share of the learning rate, and a first step.

    `apply` is called outside of the devices, under the strategy's scope, with gradients that are summed over them.

    The update is scaled, not the gradient, which Adam would scale back. A variable that is unfrozen late starts with
    moments of zero; Adam's correction of that counts the variable's own steps here, not those of the run. Otherwise its
    first hundred updates would be up to six times too large.
    """

    def scale_updates(self, scales: Mapping[int, float], first_steps: Mapping[int, int]) -> None:
        """Set how variables are updated, by their place among those that the optimizer was built on.

        Args:
            scales: the share of the learning rate; 1 where there is none.
            first_steps: the step at which a variable is trained first; 0 where there is none.
        """
        self._update_scales, self._first_steps = dict(scales), dict(first_steps)

    def update_step(self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor) -> None:
        """Update one variable with its share of the learning rate."""
        super().update_step(gradient, variable, learning_rate * self._scale(variable))

    def _backend_update_step(
        self, grads: Iterable[tf.Tensor], trainable_variables: Iterable[keras.Variable], learning_rate: tf.Tensor
    ) -> None:
        def update(variable: keras.Variable, gradient: tf.Tensor) -> None:
            self.update_step(gradient, variable, learning_rate)

        for gradient, variable in zip(grads, trainable_variables, strict=True):
            self._distribution_strategy.extended.update(variable.value, update, args=(gradient,), group=False)

    def _scale(self, variable: keras.Variable) -> float | tf.Tensor:
        index = variable_index(self, variable)
        scale = getattr(self, "_update_scales", {}).get(index, 1.0)
        first_step = getattr(self, "_first_steps", {}).get(index, 0)
        if not first_step or not hasattr(self, "beta_2") or not hasattr(self, "_velocities"):
            return scale
        steps = tf.cast(tf.convert_to_tensor(self.iterations), tf.float32) + 1.0
        return scale * self._correction(steps - first_step) / self._correction(steps)

    def _correction(self, steps: tf.Tensor) -> tf.Tensor:
        """Adam's correction of moments that began at zero: Kingma and Ba, Adam, 2014, section 3."""
        return tf.sqrt(1.0 - tf.pow(float(self.beta_2), steps)) / (1.0 - tf.pow(float(self.beta_1), steps))

    def _apply_weight_decay(self, variables: Iterable[keras.Variable]) -> None:
        if self.weight_decay is None:
            return
        scales = getattr(self, "_update_scales", {})
        for variable in variables:
            if self._use_weight_decay(variable):
                rate = self.learning_rate * scales.get(variable_index(self, variable), 1.0)
                variable.assign(variable - variable * self.weight_decay * rate)


def scaled(optimizer: type) -> type[ScaledUpdates]:
    """A class of Keras' optimizers, as the trainer needs it."""
    return type(optimizer.__name__, (ScaledUpdates, optimizer), {})


def _momentum(config: TrainingConfig) -> dict[str, float]:
    return {"momentum": config.momentum}


OPTIMIZERS: dict[str, tuple[type[ScaledUpdates], Callable[[TrainingConfig], dict[str, Any]]]] = {
    "adamw": (scaled(keras.optimizers.AdamW), lambda config: {"weight_decay": config.weight_decay}),
    "adam": (scaled(keras.optimizers.Adam), lambda config: {}),
    "sgd": (scaled(keras.optimizers.SGD), lambda config: {**_momentum(config), "nesterov": config.nesterov}),
    "rmsprop": (scaled(keras.optimizers.RMSprop), _momentum),
    "lion": (scaled(keras.optimizers.Lion), lambda config: {"weight_decay": config.weight_decay}),
}


def make_optimizer(
    config: TrainingConfig, learning_rate: float | keras.optimizers.schedules.LearningRateSchedule
) -> ScaledUpdates:
    """The optimizer of a run.

    Args:
        config: names it, and has its settings.
        learning_rate: a number or a schedule.

    Reference:
        AdamW and Lion decay the weights apart from the gradient: Loshchilov and Hutter, Decoupled Weight Decay
        Regularization, 2017; Chen et al., Symbolic Discovery of Optimization Algorithms, 2023.
    """
    kind, arguments = OPTIMIZERS[config.optimizer]
    averaging = {"use_ema": True, "ema_momentum": config.ema_momentum} if config.ema_momentum else {}
    optimizer = kind(learning_rate, **arguments(config), **averaging)
    optimizer.exclude_from_weight_decay(var_names=list(WITHOUT_DECAY))
    return optimizer
