"""The contract of a method, and what a user may choose."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.network import Network
from imgcls.progress import ProgressFunction, no_progress


@dataclass(frozen=True)
class MethodOptions:
    """What a user may choose of a method. Each method reads what concerns it.

    Attributes:
        layer: Whose feature map is read; empty for the last one.
        steps: Of integrated gradients: points on the path from the baseline to the image.
        samples: Of SmoothGrad: noisy copies of the image.
        noise: Of SmoothGrad: standard deviation, as a share of the range of the image's pixels.
        masks: Of RISE: random masks.
        window: Of occlusion: side of the square, as a share of the image's side.
        seed: Of what is drawn.
        batch_size: Images that pass the network at once.
        on_progress: Gets how many images are done.
    """

    layer: str = ""
    steps: int = 64
    samples: int = 32
    noise: float = 0.15
    masks: int = 1000
    window: float = 0.2
    seed: int = 0
    batch_size: int = 16
    on_progress: ProgressFunction = field(default=no_progress, compare=False)

    def __post_init__(self) -> None:
        for name, least in (("steps", 2), ("samples", 1), ("masks", 10), ("batch_size", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least {least}.")
        for name, most in (("noise", 1.0), ("window", 1.0)):
            if not 0 < getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}; expected a share above 0 and up to {most:g}.")


class Compute(Protocol):
    """What a method computes."""

    def __call__(
        self, network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions
    ) -> Heatmaps:
        """Explain some images.

        Args:
            network: The classifier.
            pixels: (B, H, W, C), float32 in [0, 255], as the network takes them.
            coefficients: (B, K), of `imgcls.explain.target.class_scores`.
            options: What is chosen.

        Returns:
            Maps (B, H, W).

        Raises:
            ValueError: If the network has not what the method needs; the sentence says what is possible.
        """
        ...


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        name: In commands and files, such as "grad_cam".
        title: In sentences, such as "Grad-CAM".
        compute: What it computes.
        reads: "map" of a layer, "pixels", or "answers" alone, where it only changes the image and looks.
        signed: Whether values below 0 speak against the class.
        paper: Where it was published.
    """

    name: str
    title: str
    compute: Compute
    reads: Literal["map", "pixels", "answers"]
    signed: bool
    paper: str


def batches(count: int, size: int, on_progress: Callable[[int], object] = lambda done: None) -> Iterator[slice]:
    """Slices of at most `size` of `count` images; reports how many are done after each."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
        on_progress(min(start + size, count))
