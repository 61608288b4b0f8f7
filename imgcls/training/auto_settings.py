"""What "auto" means for this data: every choice is made here, said in a sentence, and written to the run's config."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from imgcls.config import NetworkConfig, TrainConfig
from imgcls.data.batches.balance import resolve_balance
from imgcls.data.manifest.table import Manifest
from imgcls.models import find_architecture
from imgcls.models.cost import describe
from imgcls.models.registry import Architecture
from imgcls.models.weights.initial import NO_WEIGHTS, published_weights
from imgcls.training.whitening import whitening_mode

SMALL_IMAGE = 64  # pixels of the shorter side; below, ImageNet's features see next to nothing
SMALL_MODEL = "resnet20"
PHOTO_MODEL = "efficientnet_lite0"
SMALLEST_BATCH, LARGEST_BATCH = 8, 64  # images, where the user names no size
STEPS_AN_EPOCH = 8  # at the least, so that few images are learned from too


def resolve(config: TrainConfig, manifest: Manifest, say: Callable[[str], None] = lambda line: None) -> TrainConfig:
    """The same config with the model, weights, colour, sizes and batch size that suit these images.

    The plan of given weights stays "auto": `imgcls.training.transfer.plan.choose` finds it out from their features.

    Raises ValueError for an unknown model or weights, or for choices that exclude each other.
    """
    network, inputs = config.network, config.input
    images = manifest.usable
    sizes = manifest.sizes(images)
    shorter = sizes.min(axis=1).median()
    model = network.model
    if model == "auto":
        model = SMALL_MODEL if shorter <= SMALL_IMAGE else PHOTO_MODEL
        say(f"--model {model}: the images' shorter side is {shorter:.0f} pixels (median).")
    architecture = find_architecture(model)

    weights = settle_weights(network, architecture)
    if network.weights == "auto":
        why = f"{model} has {'' if weights == 'imagenet' else 'no '}published weights"
        say(f"--weights {weights}: {f'the run starts from {network.init_from}' if network.init_from else why}.")
    published = published_weights(model, weights if network.plan != "scratch" else NO_WEIGHTS)

    plan = settle_plan(network, weights)
    if plan == "scratch":
        weights = NO_WEIGHTS
        start = "the weights that fit, else random ones" if network.init_from else "random weights"
        say(f"--plan {plan}: everything is trained, from {start}.")

    if inputs.whitening != "none" and (published is not None or Path(weights).suffix):
        raise ValueError(
            f"--whitening {inputs.whitening} changes the pixels that the weights {weights} know. Choose one."
        )

    color = inputs.color
    if color == "auto":
        without_weights = weights == NO_WEIGHTS or weights.endswith(".keras")
        color = "grayscale" if images["grayscale"].all() and without_weights else "rgb"
    if color == "grayscale" and published is not None:
        raise ValueError(
            f"--color grayscale does not go with the {weights} weights of {model}, which expect --color rgb."
        )

    size, channels = inputs.image_size, 1 if color == "grayscale" else 3
    if size:
        describe(model, (size, size, channels))  # refuses a size that is too small for the network
    else:
        lengths = set(sizes["width"]) | set(sizes["height"])
        same = len(lengths) == 1 and 16 <= max(lengths) <= SMALL_IMAGE and published is None
        own = int(max(lengths))
        size = own if same and _fits(model, own, channels) else architecture.image_size
    training = manifest.split("train")
    balance = resolve_balance(config.balance, training["label"].value_counts().tolist(), say)
    if inputs.whitening != "none":
        what = whitening_mode(inputs.whitening, (size, size, channels))
        say(
            f"--whitening {inputs.whitening}: of {'whole images' if what == 'image' else 'the channels of each pixel'}."
        )
    batch_size = config.training.batch_size
    if not batch_size:
        batch_size = min(LARGEST_BATCH, max(SMALLEST_BATCH, len(training) // STEPS_AN_EPOCH))
    return replace(
        config,
        balance=balance,
        training=replace(config.training, batch_size=batch_size),
        network=replace(network, model=model, weights=weights, plan=plan),
        input=replace(inputs, color=color, image_size=size),
    )


def settle_weights(network: NetworkConfig, architecture: Architecture | None) -> str:
    """The weights that a run starts from. It stays "auto" where it depends on the architecture and that is None."""
    if network.weights != "auto":
        return network.weights
    if network.init_from or (architecture and "imagenet" not in architecture.weights):
        return NO_WEIGHTS
    return "imagenet" if architecture else "auto"


def settle_plan(network: NetworkConfig, weights: str) -> str:
    """The plan with these weights. Raises ValueError for one that keeps weights where there are none."""
    if weights != NO_WEIGHTS:
        return network.plan
    if network.plan in ("auto", "all", "scratch"):
        return "scratch"
    start = (
        f" (--init-from {network.init_from} starts the layers that fit, and keeps none)" if network.init_from else ""
    )
    raise ValueError(
        f"--plan {network.plan} keeps weights, and there are none{start}. Choose --plan scratch, or name a .keras file "
        "with --weights."
    )


def _fits(model: str, size: int, channels: int) -> bool:
    """Whether images of this size leave something for the network's last layers to see."""
    try:
        describe(model, (size, size, channels))
    except ValueError:
        return False
    return True
