"""Manifest, splits, decoding, augmentation and the tf.data chain."""
