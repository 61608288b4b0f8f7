"""What `--augmentation` stands for: a row of settings for each preset."""

from dataclasses import asdict, replace

from imgcls.config import AugmentationConfig

NONE = AugmentationConfig(
    horizontal_flip=0.0, vertical_flip=0.0, crop_scale=1.0, crop_ratio=1.0, rotation=0.0, zoom=0.0,
    affine_probability=1.0, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0, pca_color=0.0,
    randaugment=0, randaugment_magnitude=0.5, augmix=0.0,
    noise=0.0, noise_probability=1.0, blur=0.0, blur_probability=1.0, jpeg_quality=100, jpeg_probability=1.0,
    random_erasing=0.0, random_erasing_area=0.33, gridmask=0.0, gridmask_ratio=0.6, mixup=0.0, cutmix=0.0,
)  # fmt: skip
PRESETS: dict[str, dict[str, float]] = {  # what differs from `NONE`
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


def settings(preset: str, own: AugmentationConfig | None = None) -> AugmentationConfig:
    """The settings of a preset, with those that `own` sets in their place; none is left open."""
    chosen = {name: value for name, value in asdict(own or AugmentationConfig()).items() if value is not None}
    return replace(NONE, **{**PRESETS[preset], **chosen})
