"""The presets of `--augmentation`: which parameters each one sets."""

from dataclasses import asdict, fields

from imgcls.config import AugmentationConfig

PRESETS: dict[str, dict[str, float]] = {  # the parameters that are not neutral
    "none": {},
    "light": {"horizontal_flip": 0.5, "crop_scale": 0.64},
    "standard": {
        "horizontal_flip": 0.5, "crop_scale": 0.36, "crop_ratio": 1.33, "rotation": 10.0, "zoom": 0.1,
        "affine_probability": 0.1, "brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.02,
        "random_erasing": 0.1,
    },
    "strong": {
        "horizontal_flip": 0.5, "crop_scale": 0.16, "crop_ratio": 1.33, "randaugment": 2,
        "brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.05, "pca_color": 0.1,
        "random_erasing": 0.25, "mixup": 0.2, "cutmix": 1.0,
    },
    "rare": {
        "horizontal_flip": 0.5, "crop_scale": 0.25, "crop_ratio": 1.33, "rotation": 15.0, "zoom": 0.2,
        "affine_probability": 0.7, "brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.03, "pca_color": 0.1,
        "noise": 8.0, "noise_probability": 0.2, "blur": 1.0, "blur_probability": 0.2, "jpeg_quality": 40,
        "jpeg_probability": 0.2, "random_erasing": 0.2,
    },
}  # fmt: skip


def neutral(config_class: type[AugmentationConfig] = AugmentationConfig) -> AugmentationConfig:
    """The config with every parameter at its neutral value, with which no step changes an image.

    Example:
        >>> neutral().crop_scale
        1.0
    """
    return config_class(**{field.name: field.metadata["neutral"] for field in fields(config_class)})


NONE = neutral()


def from_preset(preset: str, own: AugmentationConfig | None = None) -> AugmentationConfig:
    """The parameters of a preset, with those that the user sets in their place.

    Args:
        preset: A name in `PRESETS`.
        own: What the user sets; where it is None, the preset's value holds.

    Returns:
        A config of the same class as `own`, in which no parameter is None.

    Example:
        >>> from_preset("light", AugmentationConfig(rotation=5.0)).rotation
        5.0
    """
    own = own or AugmentationConfig()
    chosen = {name: value for name, value in asdict(own).items() if value is not None}
    return type(own)(**{**asdict(neutral(type(own))), **PRESETS[preset], **chosen})
