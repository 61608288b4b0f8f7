"""Write torchvision_table.json: the weight files of torchvision, by the networks here that they fit.

Run it where torchvision is installed, after a new release of it:

    python imgcls/models/weights/make_torchvision_table.py
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("torchvision_table.json")
THEIRS = {  # our name: theirs, where they differ
    "alexnet_2014": "alexnet",
    "resnet50_v1_5": "resnet50",
    "resnet101_v1_5": "resnet101",
    "resnet152_v1_5": "resnet152",
    "squeezenet_1_0": "squeezenet1_0",
    "squeezenet_1_1": "squeezenet1_1",
    "shufflenet_v2_050": "shufflenet_v2_x0_5",
    "shufflenet_v2": "shufflenet_v2_x1_0",
    "shufflenet_v2_150": "shufflenet_v2_x1_5",
    "shufflenet_v2_200": "shufflenet_v2_x2_0",
    "regnet_x_400mf_torchvision": "regnet_x_400mf",  # whose widths are not the paper's
    "regnet_y_800mf_torchvision": "regnet_y_800mf",
    "regnet_y_8gf_torchvision": "regnet_y_8gf",
    **{
        name: name
        for name in (
            "resnet18", "resnet34", "vgg11", "vgg13", "vgg16", "vgg19", "densenet121", "densenet161", "densenet169",
            "densenet201", "mobilenet_v2", "convnext_tiny", "convnext_small", "convnext_base", "efficientnet_v2_s",
            "efficientnet_v2_m", "efficientnet_v2_l", "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d",
            "wide_resnet50_2", "wide_resnet101_2", "regnet_x_800mf", "regnet_x_1_6gf", "regnet_x_3_2gf",
            "regnet_x_8gf", "regnet_y_400mf", "regnet_y_1_6gf", "regnet_y_3_2gf",
            *(f"efficientnet_b{size}" for size in range(8)),
        )
    },
}  # fmt: skip


def facts_of_all() -> dict[str, Any]:
    """The table: for each network the name of its enumeration, and for each of its weights what is known of them."""
    models = import_module("torchvision.models")
    table = {}
    for ours, theirs in THEIRS.items():
        enum = models.get_model_weights(theirs)
        table[ours] = {"enum": enum.__name__, "weights": {weights.name: _facts(weights) for weights in enum}}
    return table


def _facts(weights: Any) -> dict[str, Any]:
    pixels = weights.transforms()
    return {
        "file": weights.url.rsplit("/", 1)[1],
        "mean": pixels.mean,
        "std": pixels.std,
        "image_size": pixels.crop_size[0],
        "resize": pixels.resize_size[0],
        "interpolation": pixels.interpolation.value,
        "top1": weights.meta["_metrics"]["ImageNet-1K"]["acc@1"],
    }


if __name__ == "__main__":
    TABLE.write_text(json.dumps(facts_of_all(), indent=1) + "\n", "utf-8")
