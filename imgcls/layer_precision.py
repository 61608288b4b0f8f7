"""The precision that new layers of Keras compute in."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

FLOAT32 = "float32"


@contextmanager
def layers_in(precision: str) -> Iterator[None]:
    """Layers that are made within compute in `precision`, with weights in float32, whatever Keras is set to outside.

    Args:
        precision: "float32", "bfloat16" or "float16".
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(FLOAT32 if precision == FLOAT32 else f"mixed_{precision}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
