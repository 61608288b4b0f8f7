"""Keras' optimisers, made to update from outside of the devices and to scale the update of single variables."""

from collections.abc import Callable, Mapping

import keras
import tensorflow as tf

from imgcls.config import TrainingConfig
from imgcls.framework_internals import variable_index

WITHOUT_DECAY = ("bias", "gamma", "beta")  # decay is for kernels: He et al., Bag of Tricks, 2018, section 3.1


class ScaledUpdates:
    """For a Keras optimiser: each variable may have a share of the learning rate, and a step at which it joined.

    `apply` is called outside of the devices, under the strategy's scope, with gradients that are summed over them.

    The update is scaled, not the gradient, which Adam would scale back. A variable that joins late starts with moments
    of zero; Adam's correction of that counts the variable's own steps here, not those of the run. Otherwise its first
    hundred updates would be up to six times too large.
    """

    def scale_updates(self, scales: Mapping[int, float], joined: Mapping[int, int]) -> None:
        """Set the share and the first step of variables, by their place among those that the optimiser was built on."""
        self._update_scales, self._joined = dict(scales), dict(joined)

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate * self._scale(variable))

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        def update(variable, gradient):
            self.update_step(gradient, variable, learning_rate)

        for gradient, variable in zip(grads, trainable_variables, strict=True):
            self._distribution_strategy.extended.update(variable.value, update, args=(gradient,), group=False)

    def _scale(self, variable):
        index = variable_index(self, variable)
        scale = getattr(self, "_update_scales", {}).get(index, 1.0)
        joined = getattr(self, "_joined", {}).get(index, 0)
        if not joined or not hasattr(self, "beta_2") or not hasattr(self, "_velocities"):
            return scale
        steps = tf.cast(tf.convert_to_tensor(self.iterations), tf.float32) + 1.0
        return scale * self._correction(steps - joined) / self._correction(steps)

    def _correction(self, steps):
        """Adam's correction of moments that began at zero: Kingma and Ba, Adam, 2014, section 3."""
        return tf.sqrt(1.0 - tf.pow(float(self.beta_2), steps)) / (1.0 - tf.pow(float(self.beta_1), steps))

    def _apply_weight_decay(self, variables):
        if self.weight_decay is None:
            return
        scales = getattr(self, "_update_scales", {})
        for variable in variables:
            if self._use_weight_decay(variable):
                rate = self.learning_rate * scales.get(variable_index(self, variable), 1.0)
                variable.assign(variable - variable * self.weight_decay * rate)


def scaled(optimizer: type) -> type:
    """A class of Keras' optimisers as the loop needs it."""
    return type(optimizer.__name__, (ScaledUpdates, optimizer), {})


def _momentum(config: TrainingConfig) -> dict:
    return {"momentum": config.momentum}


OPTIMIZERS: dict[str, tuple[type, Callable[[TrainingConfig], dict]]] = {
    "adamw": (scaled(keras.optimizers.AdamW), lambda config: {"weight_decay": config.weight_decay}),
    "adam": (scaled(keras.optimizers.Adam), lambda config: {}),
    "sgd": (scaled(keras.optimizers.SGD), lambda config: {**_momentum(config), "nesterov": config.nesterov}),
    "rmsprop": (scaled(keras.optimizers.RMSprop), _momentum),
    "lion": (scaled(keras.optimizers.Lion), lambda config: {"weight_decay": config.weight_decay}),
}


def make_optimizer(config: TrainingConfig, learning_rate) -> keras.optimizers.Optimizer:
    """The optimiser of `config`. learning_rate: a number or a schedule.

    AdamW and Lion decay the weights apart from the gradient: Loshchilov and Hutter, 2017; Chen et al., 2023.
    """
    kind, arguments = OPTIMIZERS[config.optimizer]
    averaging = {"use_ema": True, "ema_momentum": config.ema_momentum} if config.ema_momentum else {}
    optimizer = kind(learning_rate, **arguments(config), **averaging)
    optimizer.exclude_from_weight_decay(var_names=list(WITHOUT_DECAY))
    return optimizer
