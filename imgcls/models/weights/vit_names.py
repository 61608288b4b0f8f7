"""How PyTorch projects name the parts of vision transformers.

Ours are patches_conv, class_token, positions, block<n>_attention, block<n>_mlp, each with its norm and scale, embedding
and logits.
"""

import re
from collections.abc import Mapping
from functools import partial
from itertools import product

import numpy as np

from imgcls.models.registry import ArrayName, StateDictNames

PARTS: dict[str, str | tuple[str, ...]] = {
    "attention_norm": "norm1",
    "attention": ("attn.qkv", "attn.proj"),
    "attention_scale": ArrayName("ls1.gamma"),
    "mlp_norm": "norm2",
    "mlp_expand_dense": "mlp.fc1",
    "mlp_project_dense": "mlp.fc2",
    "mlp_scale": ArrayName("ls2.gamma"),
}
HALF = (127.5, 127.5, 127.5)
MARKS = ("deit", "dino", "mae")  # in names of files whose networks took pixels as torchvision has it


def dialects(dinov2: bool) -> tuple[StateDictNames, ...]:
    """timm's, which are DeiT's and DINOv2's.

    The last normalization has another name where the average of the patch tokens is taken, and files of DINOv2 hold
    arrays besides. How pixels come in stands in no file, only in its name.

    Args:
        dinov2: Whether the network is one of DINOv2's, whatever the file is called.
    """
    return tuple(_names(mark, norm, dinov2) for mark, norm in product(("", *MARKS), ("norm", "fc_norm")))


def _names(mark: str, norm: str, dinov2: bool) -> StateDictNames:
    project = "timm" if norm == "norm" else "timm, average of the patches"
    wiring = {"pooling": "average"} if norm == "fc_norm" else {}
    layer = partial(_name, norm=norm)
    if mark or dinov2:
        return StateDictNames(project, layer, wiring, file_mark=mark, prepare=without_dinov2_arrays)
    return StateDictNames(project, layer, wiring, HALF, HALF)


def _name(layer: str, norm: str) -> str | tuple[str, ...]:
    fixed: dict[str, str | tuple[str, ...]] = {
        "patches_conv": "patch_embed.proj",
        "class_token": (ArrayName("cls_token"), ArrayName("reg_token")),
        "positions": ArrayName("pos_embed"),
        "embedding": norm,
        "last_norm": norm,
        "logits": "head",
    }
    if layer in fixed:
        return fixed[layer]
    place = re.fullmatch(r"block(\d+)_(.+)", layer)
    if place is None:
        raise ValueError(f"The layer {layer} is in no block; expected a name such as block1_attention.")
    part, before = PARTS[place[2]], f"blocks.{int(place[1]) - 1}"
    if isinstance(part, tuple):
        return tuple(f"{before}.{each}" for each in part)
    name = f"{before}.{part}"
    return ArrayName(name) if isinstance(part, ArrayName) else name


def without_dinov2_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of a file of DINOv2's authors as timm has them.

    The token that stood for masked patches in training is left out. With registers the class token's position, which
    no register has, is added to the token itself: it comes to the same.
    """
    kept = {name: array for name, array in arrays.items() if name != "mask_token"}
    if "register_tokens" in kept:
        kept["reg_token"] = kept.pop("register_tokens")
        kept["cls_token"] = kept["cls_token"] + kept["pos_embed"][:, :1]
        kept["pos_embed"] = kept["pos_embed"][:, 1:]
    return kept
