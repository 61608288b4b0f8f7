"""The tf.data chain: examples in an order that the seed decides, as batches of pixels and targets."""
