"""Write timm_pixels.json: mean and deviation of the pixels that timm's weights were trained with, by their names.

Run it where timm is installed, after a new release of it:

    python imgcls/models/weights/make_timm_pixels.py
"""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("timm_pixels.json")
NETWORKS = re.compile(  # timm's names of the networks that are here, in all their sizes
    r"(?:tf_)?(?:resnet\d+|resnext\d+_\w+|wide_resnet\d+_2|vgg\d\d|densenet\d+|efficientnet_(?:b\d|lite\d)"
    r"|efficientnetv2_(?:b\d|[sml])|convnext(?:v2)?_\w+|repvgg_\w+|regnet[xy]_\d{3}|mobilenetv2_\d{3}"
    r"|mobilenetv4_conv_\w+|(?:vit|deit)_(?:tiny|small|base)_patch1[46]_(?:reg4_)?(?:\d+|dinov2))"
)


def pixels_of_all() -> list[dict[str, Any]]:
    """The table: each mean and deviation, as shares of the largest pixel, with the names of the weights."""
    models = import_module("timm.models")
    table: dict[tuple[Any, Any], list[str]] = {}
    for name in models.list_pretrained():
        if NETWORKS.fullmatch(name.partition(".")[0]):
            config = models.get_pretrained_cfg(name)
            table.setdefault((config.mean, config.std), []).append(name)
    return [{"mean": mean, "std": std, "names": names} for (mean, std), names in table.items()]


if __name__ == "__main__":
    TABLE.write_text(json.dumps(pixels_of_all(), indent=1) + "\n", "utf-8")
