"""The steps of augmentation: a row each, in the order in which an image goes through them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imgcls.data.augmentation import color, geometry, mixing, occlusion, policies, quality


@dataclass(frozen=True)
class Step:
    """One random change of training images.

    Attributes:
        name: The step's name, and that of its random numbers.
        function: What the step does: `(image, draws, values) -> image`, a pure function. `image` is (H, W, C) float32
            in [0, 255] and keeps its shape; `draws` are the image's random numbers; `values` holds the step's
            parameters as scalar tensors (see `Augmentation`).
        switches: Names of the parameters that turn the step on: it runs where one of them is not neutral. A parameter
            is a field of `AugmentationConfig`, which says its type, neutral value, range and help text.
        options: Names of the step's other parameters.
        shown: The rows of the sheet that `python -m imgcls.augment` draws: a title, and values of the parameters that
            are strong enough to be seen.
        keeps_range: Whether pixels stay in [0, 255]; if not, they are clipped after the last step.
        streams: Names of the step's streams of random numbers, if it has others than one of its own name.
    """

    name: str
    function: Callable[..., Any]
    switches: tuple[str, ...]
    options: tuple[str, ...] = ()
    shown: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    keeps_range: bool = False
    streams: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters of the step."""
        return (*self.switches, *self.options)


REGION = Step(  # its function takes no image, and gives the region that is cut out of it
    "region",
    geometry.random_region,
    switches=("crop_scale", "crop_ratio"),
    shown={"random resized crop": {"crop_scale": 0.16, "crop_ratio": 1.5}},
    keeps_range=True,
)
STEPS = (
    Step(
        "horizontal_flip",
        geometry.horizontal_flip,
        switches=("horizontal_flip",),
        shown={"horizontal flip": {"horizontal_flip": 1.0}},
        keeps_range=True,
    ),
    Step(
        "vertical_flip",
        geometry.vertical_flip,
        switches=("vertical_flip",),
        shown={"vertical flip": {"vertical_flip": 1.0}},
        keeps_range=True,
    ),
    Step(
        "warp",
        geometry.affine,
        switches=("rotation", "zoom"),
        options=("affine_probability",),
        shown={"rotation": {"rotation": 45.0}, "zoom": {"zoom": 0.5}},
        keeps_range=True,
    ),
    Step(
        "color",
        color.jitter,
        switches=("brightness", "contrast", "saturation", "hue", "pca_color"),
        shown={
            "light and contrast": {"brightness": 0.5, "contrast": 0.5},
            "saturation and hue": {"saturation": 0.8, "hue": 0.2},
            "PCA colour shift": {"pca_color": 0.5},
        },
        streams=("color", "pca_color"),
    ),
    Step(
        "randaugment",
        policies.randaugment,
        switches=("randaugment",),
        options=("randaugment_magnitude",),
        shown={"RandAugment": {"randaugment": 2, "randaugment_magnitude": 0.8}},
    ),
    Step(
        "augmix",
        policies.augmix,
        switches=("augmix",),
        options=("randaugment_magnitude",),
        shown={"AugMix": {"augmix": 1.0, "randaugment_magnitude": 0.8}},
    ),
    Step(
        "noise",
        quality.noise,
        switches=("noise",),
        options=("noise_probability",),
        shown={"noise by channel": {"noise": 60.0}},
    ),
    Step(
        "blur",
        quality.blur,
        switches=("blur",),
        options=("blur_probability",),
        shown={"blur": {"blur": 3.0}},
    ),
    Step(
        "jpeg",
        quality.jpeg,
        switches=("jpeg_quality",),
        options=("jpeg_probability",),
        shown={"JPEG quality": {"jpeg_quality": 10}},
    ),
    Step(
        "random_erasing",
        occlusion.random_erasing,
        switches=("random_erasing",),
        options=("random_erasing_area",),
        shown={"random erasing": {"random_erasing": 1.0}},
        keeps_range=True,
    ),
    Step(
        "gridmask",
        occlusion.gridmask,
        switches=("gridmask",),
        options=("gridmask_ratio",),
        shown={"GridMask": {"gridmask": 1.0}},
        keeps_range=True,
    ),
)
MIXING = Step(  # its function takes no image, and gives what `mix` needs for a batch
    "mixing",
    mixing.draw_mixing,
    switches=("mixup", "cutmix"),
    shown={"MixUp": {"mixup": 1.0}, "CutMix": {"cutmix": 1.0}},
    keeps_range=True,
)
