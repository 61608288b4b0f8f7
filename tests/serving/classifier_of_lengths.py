"""A SavedModel with a bundle's main signature that is written at once: it names images by the length of their files."""

from pathlib import Path

import tensorflow as tf

from imgcls.serving.warmup import write_warmup

EVEN, ODD = b"\x89PNG" + bytes(4), b"\x89PNG" + bytes(5)


def save(folder: Path, even: float = 0.75) -> Path:
    """Write it with two warm-up requests, as version 1.

    folder: Of the versions.
    even: Probability of the class "even" for a file with an even number of bytes, and of "odd" for others.
    """

    def name(image_bytes):
        is_even = tf.strings.length(image_bytes) % 2 == 0
        names = tf.where(is_even[:, None], tf.constant([["even", "odd"]]), tf.constant([["odd", "even"]]))
        problem = tf.where(tf.strings.length(image_bytes) == 0, "the file is empty", "")
        one = tf.ones_like(problem, tf.float32)[:, None]
        return {"classes": names, "probabilities": tf.concat([even * one, (1 - even) * one], 1), "problem": problem}

    module = tf.Module()
    module.call = tf.function(name, input_signature=[tf.TensorSpec((None,), tf.string, "image_bytes")])
    tf.saved_model.save(module, str(folder / "1"), signatures=module.call)
    requests = [("serving_default", {"image_bytes": [EVEN]}), ("serving_default", {"image_bytes": [EVEN, ODD]})]
    write_warmup(folder / "1", folder.name, requests)
    return folder
