"""How PyTorch projects name the parts of ConvNeXt.

Ours are stem, stage<n>_downsample and stage<n>_block<n>, each with what they are made of, embedding and logits.
"""

import re
from collections.abc import Mapping

from imgcls.models.registry import ArrayName, StateDictNames

Name = str | tuple[str, ...]

TIMM = {
    "stem_conv": "stem.0",
    "stem_norm": "stem.1",
    "downsample_norm": "stages.{stage}.downsample.0",
    "downsample_conv": "stages.{stage}.downsample.1",
    "depthwise_conv": "stages.{stage}.blocks.{block}.conv_dw",
    "norm": "stages.{stage}.blocks.{block}.norm",
    "expand_conv": "stages.{stage}.blocks.{block}.mlp.fc1",
    "response_norm": "stages.{stage}.blocks.{block}.mlp.grn",
    "project_conv": "stages.{stage}.blocks.{block}.mlp.fc2",
    "embedding": "head.norm",
    "logits": "head.fc",
}
AUTHORS = {
    "stem_conv": "downsample_layers.0.0",
    "stem_norm": "downsample_layers.0.1",
    "downsample_norm": "downsample_layers.{stage}.0",
    "downsample_conv": "downsample_layers.{stage}.1",
    "depthwise_conv": "stages.{stage}.{block}.dwconv",
    "norm": "stages.{stage}.{block}.norm",
    "expand_conv": "stages.{stage}.{block}.pwconv1",
    "project_conv": "stages.{stage}.{block}.pwconv2",
    "embedding": "norm",
    "logits": "head",
}
AUTHORS_ARRAYS = {
    "scale": ("stages.{stage}.{block}.gamma",),
    "response_norm": ("stages.{stage}.{block}.grn.gamma", "stages.{stage}.{block}.grn.beta"),
}
TORCHVISION = {  # which counts the stem, the stages and what is between them in one row
    "stem_conv": "features.0.0",
    "stem_norm": "features.0.1",
    "downsample_norm": "features.{between}.0",
    "downsample_conv": "features.{between}.1",
    "depthwise_conv": "features.{among}.{block}.block.0",
    "norm": "features.{among}.{block}.block.2",
    "expand_conv": "features.{among}.{block}.block.3",
    "project_conv": "features.{among}.{block}.block.5",
    "embedding": "classifier.0",
    "logits": "classifier.2",
}


def dialects(v2: bool) -> tuple[StateDictNames, ...]:
    """timm's, the authors' (facebookresearch) and, of the first version, torchvision's."""
    timm = _names("timm", TIMM, {"scale": ("stages.{stage}.blocks.{block}.gamma",)})
    authors = _names("facebookresearch", AUTHORS, AUTHORS_ARRAYS)
    torchvision = _names("torchvision", TORCHVISION, {"scale": ("features.{among}.{block}.layer_scale",)})
    return (timm, authors) if v2 else (timm, authors, torchvision)


def _names(project: str, layers: Mapping[str, str], arrays: Mapping[str, tuple[str, ...]]) -> StateDictNames:
    """layers: names without .weight and .bias. arrays: names of arrays as they are, one for each of a layer's."""

    def name(layer: str) -> Name:
        place = re.fullmatch(r"stage(\d+)_(?:block(\d+)_)?(.+)", layer)
        if place is None:
            return layers[layer]
        stage, block, part = int(place[1]) - 1, int(place[2] or 1) - 1, place[3]
        numbers = {"stage": stage, "block": block, "between": 2 * stage, "among": 2 * stage + 1}
        if part in arrays:
            return tuple(ArrayName(each.format(**numbers)) for each in arrays[part])
        return layers[part].format(**numbers)

    return StateDictNames(project, name, wiring={})
