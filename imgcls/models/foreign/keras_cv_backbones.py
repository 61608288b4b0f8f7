"""The backbones of KerasCV by the names of its presets, made from their sizes, so that nothing is downloaded.

KerasCV 0.9 keeps the sizes of its presets on the network, even for random weights. Here they stand as the papers have
them; the number of parameters that KerasCV publishes for each says that they are the same.
"""

import importlib
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras

from imgcls.models.foreign.as_architecture import ModelSource, Shape, as_architecture
from imgcls.models.foreign.keras_archive import with_weight_file
from imgcls.models.foreign.packages import PACKAGES
from imgcls.models.registry import Architecture
from imgcls.nearest_name import did_you_mean

Sizes = Mapping[str, Any]

HARD_SIGMOID = "HardSigmoidActivation"  # a layer of KerasCV

PUBLISHED_WEIGHTS = {  # endings of the names of KerasCV's presets with weights
    "imagenet": ("csp_darknet_tiny", "csp_darknet_l", "densenet121", "densenet169", "densenet201", "efficientnetv2_s",
                 "efficientnetv2_b0", "efficientnetv2_b1", "efficientnetv2_b2", "mit_b0", "mobilenet_v3_small",
                 "mobilenet_v3_large", "resnet50", "resnet50_v2"),
    "sa1b": ("vitdet_base", "vitdet_large", "vitdet_huge"),
}  # fmt: skip


def _resnet(blocks: tuple[int, ...], kind: str) -> Sizes:
    """He et al., 2015, table 1."""
    return {
        "stackwise_filters": [64, 128, 256, 512],
        "stackwise_blocks": list(blocks),
        "stackwise_strides": [1, 2, 2, 2],
        "block_type": kind,
    }


def _csp_darknet(depth: float, width: float) -> Sizes:
    """Ge et al., YOLOX, 2021: the sizes of CSPDarknet."""
    return {
        "stackwise_channels": [int(width * channels) for channels in (128, 256, 512, 1024)],
        "stackwise_depth": [max(1, round(depth * blocks)) for blocks in (3, 9, 9, 3)],
    }


def _efficientnet(width: float, depth: float) -> Sizes:
    """Tan and Le, 2019, table 1."""
    return {
        "width_coefficient": width,
        "depth_coefficient": depth,
        "stackwise_kernel_sizes": [3, 3, 5, 3, 5, 5, 3],
        "stackwise_num_repeats": [1, 2, 2, 3, 3, 4, 1],
        "stackwise_input_filters": [32, 16, 24, 40, 80, 112, 192],
        "stackwise_output_filters": [16, 24, 40, 80, 112, 192, 320],
        "stackwise_expansion_ratios": [1, 6, 6, 6, 6, 6, 6],
        "stackwise_strides": [1, 2, 2, 2, 1, 2, 1],
    }


def _with_excitation(width: float, depth: float) -> Sizes:
    return {**_efficientnet(width, depth), "stackwise_squeeze_and_excite_ratios": [0.25] * 7}


def _efficientnet_v2(stages: tuple[tuple[int, ...], ...], fused: int, width: float = 1.0, depth: float = 1.0) -> Sizes:
    """Tan and Le, 2021, table 4. stages: (kernel, repeats, input, output, expansion, stride) of each."""
    kernels, repeats, inputs, outputs, expansions, strides = (list(column) for column in zip(*stages, strict=True))
    count = len(stages)
    return {
        "width_coefficient": width,
        "depth_coefficient": depth,
        "stackwise_kernel_sizes": kernels,
        "stackwise_num_repeats": repeats,
        "stackwise_input_filters": inputs,
        "stackwise_output_filters": outputs,
        "stackwise_expansion_ratios": expansions,
        "stackwise_squeeze_and_excite_ratios": [0.0] * fused + [0.25] * (count - fused),
        "stackwise_strides": strides,
        "stackwise_conv_types": ["fused"] * fused + ["unfused"] * (count - fused),
    }


_V2_S = ((3, 2, 24, 24, 1, 1), (3, 4, 24, 48, 4, 2), (3, 4, 48, 64, 4, 2), (3, 6, 64, 128, 4, 2),
         (3, 9, 128, 160, 6, 1), (3, 15, 160, 256, 6, 2))  # fmt: skip
_V2_M = ((3, 3, 24, 24, 1, 1), (3, 5, 24, 48, 4, 2), (3, 5, 48, 80, 4, 2), (3, 7, 80, 160, 4, 2),
         (3, 14, 160, 176, 6, 1), (3, 18, 176, 304, 6, 2), (3, 5, 304, 512, 6, 1))  # fmt: skip
_V2_L = ((3, 4, 32, 32, 1, 1), (3, 7, 32, 64, 4, 2), (3, 7, 64, 96, 4, 2), (3, 10, 96, 192, 4, 2),
         (3, 19, 192, 224, 6, 1), (3, 25, 224, 384, 6, 2), (3, 7, 384, 640, 6, 1))  # fmt: skip
_V2_B = ((3, 1, 32, 16, 1, 1), (3, 2, 16, 32, 4, 2), (3, 2, 32, 48, 4, 2), (3, 3, 48, 96, 4, 2), (3, 5, 96, 112, 6, 1),
         (3, 8, 112, 192, 6, 2))  # fmt: skip


def _mobilenet_v3(rows: tuple[tuple[Any, ...], ...]) -> Sizes:
    """Howard et al., 2019, tables 1 and 2. rows: (expansion, filters, kernel, stride, excitation, activation)."""
    columns = ("expansion", "filters", "kernel_size", "stride", "se_ratio", "activation")
    return {f"stackwise_{name}": list(column) for name, column in zip(columns, zip(*rows, strict=True), strict=True)}


_V3_SMALL = (
    (1, 16, 3, 2, 0.25, "relu"), (72 / 16, 24, 3, 2, None, "relu"), (88 / 24, 24, 3, 1, None, "relu"),
    (4, 40, 5, 2, 0.25, "hard_swish"), (6, 40, 5, 1, 0.25, "hard_swish"), (6, 40, 5, 1, 0.25, "hard_swish"),
    (3, 48, 5, 1, 0.25, "hard_swish"), (3, 48, 5, 1, 0.25, "hard_swish"), (6, 96, 5, 2, 0.25, "hard_swish"),
    (6, 96, 5, 1, 0.25, "hard_swish"), (6, 96, 5, 1, 0.25, "hard_swish"),
)  # fmt: skip
_V3_LARGE = (
    (1, 16, 3, 1, None, "relu"), (4, 24, 3, 2, None, "relu"), (3, 24, 3, 1, None, "relu"),
    (3, 40, 5, 2, 0.25, "relu"), (3, 40, 5, 1, 0.25, "relu"), (3, 40, 5, 1, 0.25, "relu"),
    (6, 80, 3, 2, None, "hard_swish"), (2.5, 80, 3, 1, None, "hard_swish"), (2.3, 80, 3, 1, None, "hard_swish"),
    (2.3, 80, 3, 1, None, "hard_swish"), (6, 112, 3, 1, 0.25, "hard_swish"), (6, 112, 3, 1, 0.25, "hard_swish"),
    (6, 160, 5, 2, 0.25, "hard_swish"), (6, 160, 5, 1, 0.25, "hard_swish"), (6, 160, 5, 1, 0.25, "hard_swish"),
)  # fmt: skip


def _mit(depths: tuple[int, ...], first: int = 64) -> Sizes:
    """Xie et al., SegFormer, 2021, table 6."""
    dims = [32, 64, 160, 256] if first == 32 else [64, 128, 320, 512]
    return {"depths": list(depths), "embedding_dims": dims}


def _vitdet(dim: int, depth: int, heads: int) -> Sizes:
    """Kirillov et al., Segment Anything, 2023: the image encoders."""
    every = depth // 4
    return {
        "embed_dim": dim,
        "depth": depth,
        "mlp_dim": 4 * dim,
        "num_heads": heads,
        "global_attention_indices": list(range(every - 1, depth, every)),
    }


BACKBONES: dict[str, tuple[str, Sizes]] = {  # name of the preset -> class, sizes
    "csp_darknet_tiny": ("CSPDarkNetBackbone", _csp_darknet(0.33, 0.375)),
    "csp_darknet_s": ("CSPDarkNetBackbone", _csp_darknet(0.33, 0.5)),
    "csp_darknet_m": ("CSPDarkNetBackbone", _csp_darknet(0.67, 0.75)),
    "csp_darknet_l": ("CSPDarkNetBackbone", _csp_darknet(1.0, 1.0)),
    "csp_darknet_xl": ("CSPDarkNetBackbone", _csp_darknet(1.33, 1.25)),
    "densenet121": ("DenseNetBackbone", {"stackwise_num_repeats": [6, 12, 24, 16]}),
    "densenet169": ("DenseNetBackbone", {"stackwise_num_repeats": [6, 12, 32, 32]}),
    "densenet201": ("DenseNetBackbone", {"stackwise_num_repeats": [6, 12, 48, 32]}),
    "efficientnetlite_b0": ("EfficientNetLiteBackbone", _efficientnet(1.0, 1.0)),
    "efficientnetlite_b1": ("EfficientNetLiteBackbone", _efficientnet(1.0, 1.1)),
    "efficientnetlite_b2": ("EfficientNetLiteBackbone", _efficientnet(1.1, 1.2)),
    "efficientnetlite_b3": ("EfficientNetLiteBackbone", _efficientnet(1.2, 1.4)),
    "efficientnetlite_b4": ("EfficientNetLiteBackbone", _efficientnet(1.4, 1.8)),
    "efficientnetv1_b0": ("EfficientNetV1Backbone", _with_excitation(1.0, 1.0)),
    "efficientnetv1_b1": ("EfficientNetV1Backbone", _with_excitation(1.0, 1.1)),
    "efficientnetv1_b2": ("EfficientNetV1Backbone", _with_excitation(1.1, 1.2)),
    "efficientnetv1_b3": ("EfficientNetV1Backbone", _with_excitation(1.2, 1.4)),
    "efficientnetv1_b4": ("EfficientNetV1Backbone", _with_excitation(1.4, 1.8)),
    "efficientnetv1_b5": ("EfficientNetV1Backbone", _with_excitation(1.6, 2.2)),
    "efficientnetv1_b6": ("EfficientNetV1Backbone", _with_excitation(1.8, 2.6)),
    "efficientnetv1_b7": ("EfficientNetV1Backbone", _with_excitation(2.0, 3.1)),
    "efficientnetv2_s": ("EfficientNetV2Backbone", _efficientnet_v2(_V2_S, 3)),
    "efficientnetv2_m": ("EfficientNetV2Backbone", _efficientnet_v2(_V2_M, 3)),
    "efficientnetv2_l": ("EfficientNetV2Backbone", _efficientnet_v2(_V2_L, 3)),
    "efficientnetv2_b0": ("EfficientNetV2Backbone", _efficientnet_v2(_V2_B, 3)),
    "efficientnetv2_b1": ("EfficientNetV2Backbone", _efficientnet_v2(_V2_B, 3, 1.0, 1.1)),
    "efficientnetv2_b2": ("EfficientNetV2Backbone", _efficientnet_v2(_V2_B, 3, 1.1, 1.2)),
    "efficientnetv2_b3": ("EfficientNetV2Backbone", _efficientnet_v2(_V2_B, 3, 1.2, 1.4)),
    "mit_b0": ("MiTBackbone", _mit((2, 2, 2, 2), 32)),
    "mit_b1": ("MiTBackbone", _mit((2, 2, 2, 2))),
    "mit_b2": ("MiTBackbone", _mit((3, 4, 6, 3))),
    "mit_b3": ("MiTBackbone", _mit((3, 4, 18, 3))),
    "mit_b4": ("MiTBackbone", _mit((3, 8, 27, 3))),
    "mit_b5": ("MiTBackbone", _mit((3, 6, 40, 3))),
    "mobilenet_v3_small": ("MobileNetV3Backbone", _mobilenet_v3(_V3_SMALL)),
    "mobilenet_v3_large": ("MobileNetV3Backbone", _mobilenet_v3(_V3_LARGE)),
    "resnet18": ("ResNetBackbone", _resnet((2, 2, 2, 2), "basic_block")),
    "resnet34": ("ResNetBackbone", _resnet((3, 4, 6, 3), "basic_block")),
    "resnet50": ("ResNetBackbone", _resnet((3, 4, 6, 3), "block")),
    "resnet101": ("ResNetBackbone", _resnet((3, 4, 23, 3), "block")),
    "resnet152": ("ResNetBackbone", _resnet((3, 8, 36, 3), "block")),
    "resnet18_v2": ("ResNetV2Backbone", _resnet((2, 2, 2, 2), "basic_block")),
    "resnet34_v2": ("ResNetV2Backbone", _resnet((3, 4, 6, 3), "basic_block")),
    "resnet50_v2": ("ResNetV2Backbone", _resnet((3, 4, 6, 3), "block")),
    "resnet101_v2": ("ResNetV2Backbone", _resnet((3, 4, 23, 3), "block")),
    "resnet152_v2": ("ResNetV2Backbone", _resnet((3, 8, 36, 3), "block")),
    "vitdet_base": ("ViTDetBackbone", _vitdet(768, 12, 12)),
    "vitdet_large": ("ViTDetBackbone", _vitdet(1024, 24, 16)),
    "vitdet_huge": ("ViTDetBackbone", _vitdet(1280, 32, 16)),
}


def architecture_of_backbone(name: str) -> Architecture:
    """The architecture called `keras_cv:<name>`. Raises ValueError if there is none, or if KerasCV is not installed."""
    if name not in BACKBONES:
        hint = did_you_mean(name, BACKBONES, cutoff=0.4)
        raise ValueError(
            f"KerasCV has no backbone {name!r} that imgcls knows.{hint} There are: {', '.join(BACKBONES)}."
        )
    if find_spec("keras_cv") is None:
        raise ValueError(f"--model keras_cv:{name} needs KerasCV: pip install {PACKAGES['keras_cv']}")
    return _architecture(name)


def built(name: str, shape: tuple[int | None, int | None, int]) -> keras.Model:
    """The backbone of a preset with random weights, for images of this shape, without its own rescaling.

    Args:
        name: Of the preset.
        shape: (height, width, channels).
    """
    kind, sizes = BACKBONES[name]
    model: keras.Model = getattr(_keras_cv(), kind)(include_rescaling=False, input_shape=shape, **sizes)
    return model


def readable(layer: keras.layers.Layer) -> keras.layers.Layer:
    """The layer, or one of Keras that computes the same, in place of one that KerasCV cannot read from a file."""
    if isinstance(layer, keras.layers.Lambda):  # CSPDarkNet's activation
        return keras.layers.Activation("silu", name=layer.name)
    if type(layer).__name__ == HARD_SIGMOID:  # takes no name
        return keras.layers.Activation("hard_sigmoid", name=layer.name)
    if type(getattr(layer, "excite_activation", None)).__name__ == HARD_SIGMOID:
        excites: keras.layers.Layer = type(layer).from_config(
            {**layer.get_config(), "excite_activation": "hard_sigmoid"}
        )
        return excites
    if type(layer).__name__ == "HierarchicalTransformerEncoder":
        from imgcls.models.foreign.keras_cv_layers import copyable  # imports KerasCV

        return copyable(layer)
    return layer


@lru_cache
def _architecture(name: str) -> Architecture:
    published = {ending: _of_preset(f"{name}_{ending}") for ending, names in PUBLISHED_WEIGHTS.items() if name in names}
    source = ModelSource(
        f"keras_cv:{name}",
        f"keras_cv_{name}",
        lambda shape: built(name, shape),
        preprocessing="0-1",
        has_weights=False,
        with_weights={**published, ".h5": lambda shape, path: with_weight_file(built(name, shape), path)},
        licence="that of KerasCV",
        replaced=readable,
    )
    return as_architecture(source, 1024 if name.startswith("vitdet") else 0)


def _of_preset(preset: str) -> Any:
    """What makes the backbone of a preset with its weights, which KerasCV downloads."""

    def make(shape: Shape, path: Path | None) -> keras.Model:
        name = next(name for name in sorted(BACKBONES, key=len, reverse=True) if preset.startswith(f"{name}_"))
        kind = getattr(_keras_cv(), BACKBONES[name][0])
        try:
            model: keras.Model = kind.from_preset(preset, input_shape=shape, include_rescaling=False)
        except Exception as error:  # of the libraries that download it
            first = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
            raise ConnectionError(
                f"The weights {preset} of KerasCV could not be downloaded ({first}). "
                "Download them elsewhere and give the path of the .h5 file with --weights, or choose --weights none."
            ) from error
        return model

    return make


@lru_cache
def _keras_cv() -> Any:
    """KerasCV's models."""
    return importlib.import_module("keras_cv.models")
