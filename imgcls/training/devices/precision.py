"""Mixed precision: layers compute in 16 bits, weights, logits and probabilities stay in 32.

Micikevicius et al., Mixed Precision Training, 2017.
"""

import keras
import tensorflow as tf

from imgcls.config import Precision
from imgcls.framework_internals import all_layers
from imgcls.layers.native_layout import convolves
from imgcls.processor import BFLOAT16, has_onednn, vector_units

VOLTA, AMPERE = 7, 8  # the first compute capabilities of NVIDIA that are fast in float16, and in bfloat16


def choose_precision(name: Precision) -> tuple[Precision, str]:
    """Settle the precision.

    Args:
        name: "float32", "bfloat16", "float16", or "auto": bfloat16 where the device computes fast in it; on GPUs
            without it, such as V100 and T4, float16.

    Returns:
        The precision, and why it was chosen: a part of a sentence, empty where it was named.
    """
    if name != "auto":
        return name, ""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        slowest = min(major for major, _ in (known.get("compute_capability") or (0, 0) for known in details))
        if slowest >= AMPERE:
            return "bfloat16", "the GPU computes in bfloat16"
        if slowest >= VOLTA:
            return "float16", "the GPU computes in float16 and not in bfloat16; the loss is scaled for it"
        return "float32", "the GPU computes in neither bfloat16 nor float16"
    found = next((unit for unit in vector_units() if unit in BFLOAT16), None)
    if found and not has_onednn():
        return "float32", f"the processor has {found}, but oneDNN, which uses it, is switched off"
    if found and not convolves("bfloat16"):
        return "float32", f"the processor has {found}, but oneDNN is kept from using it"
    return ("bfloat16", f"the processor has {found}") if found else ("float32", "the processor has no bfloat16")


def as_float32(model: keras.Model) -> None:
    """Let all layers compute in float32 once the model is saved and loaded again; what is traced stays as it is."""
    for layer in all_layers(model):
        layer.dtype_policy = "float32"
