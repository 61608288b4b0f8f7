"""What may be asked of a network: the views, and what each of them reads. Needs no TensorFlow."""

from dataclasses import dataclass
from typing import Literal

View = Literal[
    "why", "activations", "receptive_field", "photo", "neighbors",
    "layers", "filters", "units", "patches", "maximization", "embedding",
]  # fmt: skip
Reduction = Literal["pca", "tsne", "umap"]
OF_IMAGES = ("why", "activations", "receptive_field", "photo", "neighbors")
OF_DATA = ("units", "patches", "embedding")
WITH_IMAGES: tuple[View, ...] = ("why",)  # what is shown where no view is named
WITHOUT_IMAGES: tuple[View, ...] = ("filters", "units", "patches")


@dataclass(frozen=True)
class ExplainRequest:
    """What is shown, and how."""

    show: tuple[View, ...] = ()  # views; by default why of images, and without images filters, units and patches
    methods: tuple[str, ...] = ("grad_cam", "integrated_gradients")  # of why
    target: str = "predicted"  # the class that is explained: predicted, true, or a class
    against: str = ""  # the class that it is explained against: predicted, true, or a class
    check: bool = True  # judge each map by deletion, insertion, and the same network with random weights
    layer: str = ""  # whose feature map is read; empty: the last one, and for patches some from low to high
    units: tuple[int, ...] = ()  # of the layer, from 0; empty: those that respond most
    data: str = ""  # labelled images for the views of the network: folder, manifest or card; a bundle needs them
    split: Literal["validation", "test", "train"] = "validation"  # which images of the run, or of --data
    most_images: int = 2000  # for the views of the network; of more so many are drawn, always the same; 0: all
    steps: int = 64  # of integrated_gradients: points on the path from black to the image
    samples: int = 32  # of smoothgrad: noisy copies of an image
    masks: int = 1000  # of rise: random masks
    scales: tuple[float, ...] = ()  # of photo: sides of the window as shares of the photo's shorter side
    windows: bool = False  # of photo: each window by itself; slower, and exact where a network pads its maps
    reduction: Reduction = "tsne"  # of embedding: how the embeddings become two numbers; umap needs imgcls[umap]
    seed: int = 0  # of what is drawn

    def __post_init__(self) -> None:
        if self.most_images < 0:
            raise ValueError(f"--most-images is {self.most_images}; expected at least 0, which takes all.")
        if not self.methods:
            raise ValueError("--methods stands there without a method. Name some, such as grad_cam.")
        for scale in self.scales:
            if not 0 < scale <= 1:
                raise ValueError(f"--scales has {scale}; expected shares above 0 and up to 1.")

    def views(self, has_images: bool) -> tuple[View, ...]:
        """The views, each once.

        Args:
            has_images: Whether images are named.
        """
        return tuple(dict.fromkeys(self.show)) or (WITH_IMAGES if has_images else WITHOUT_IMAGES)
