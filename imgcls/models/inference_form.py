"""A trained network as it is exported, measured and served."""

import keras

from imgcls.models.folding import fold_batch_normalization
from imgcls.models.fusing import fuse_gelu
from imgcls.models.merging import merge_branches
from imgcls.models.scale_folding import fold_scales


def inference_form(model: keras.Model) -> keras.Model:
    """The same network for prediction, with less to compute: what layers can take over from others, they do.

    Args:
        model: A network in channels_last. Its weights stay as they are.

    Returns:
        A network with weights of its own, whose layers have the names of those of `model`.
    """
    return fuse_gelu(fold_scales(merge_branches(fold_batch_normalization(model))))
