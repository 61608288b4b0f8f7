"""What "auto" means for this data: every choice is made here, said in a sentence, and written to the run's config."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from imgcls.config import TrainConfig
from imgcls.data.balance import resolve_balance
from imgcls.data.manifest import Manifest
from imgcls.models import find_architecture
from imgcls.models.classifier import NO_WEIGHTS, published_weights
from imgcls.models.sketch import describe
from imgcls.training.whitening import whitening_mode

SMALL_IMAGE = 64  # pixels of the shorter side; below, ImageNet's features see next to nothing
SMALL_MODEL = "resnet20"
PHOTO_MODEL = "efficientnet_lite0"
SMALLEST_BATCH, LARGEST_BATCH = 8, 64  # images, where the user names no size
STEPS_AN_EPOCH = 8  # at the least, so that few images are learned from too


def resolve(config: TrainConfig, manifest: Manifest, say: Callable[[str], None] = lambda line: None) -> TrainConfig:
    """The same config with the model, weights, colour, sizes and batch size that suit these images.

    The plan of given weights stays "auto": `imgcls.training.transfer.choose` finds it out from their features.

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

    weights = network.weights
    if weights == "auto":
        weights = "imagenet" if "imagenet" in architecture.weights and not network.init_from else NO_WEIGHTS
        why = f"{model} has {'' if weights == 'imagenet' else 'no '}published weights"
        say(f"--weights {weights}: {f'the run starts from {network.init_from}' if network.init_from else why}.")
    published = published_weights(model, weights if network.plan != "scratch" else NO_WEIGHTS)

    plan = network.plan
    if plan == "scratch" or (plan == "auto" and weights == NO_WEIGHTS):
        plan, weights = "scratch", NO_WEIGHTS
        start = "the weights that fit, else random ones" if network.init_from else "random weights"
        say(f"--plan {plan}: everything is trained, from {start}.")
    if weights == NO_WEIGHTS and plan == "all":
        plan = "scratch"
    if weights == NO_WEIGHTS and plan != "scratch":
        raise ValueError(
            f"--plan {plan} keeps weights, and --weights none has none. Choose --plan scratch, or give weights."
        )

    if inputs.whitening != "none" and (published is not None or Path(weights).suffix):
        raise ValueError(
            f"--whitening {inputs.whitening} changes the pixels that the weights {weights} know. Choose one."
        )

    color = inputs.color
    if color == "auto":
        without_weights = weights == NO_WEIGHTS or weights.endswith(".keras")
        color = "grey" if images["grey"].all() and without_weights else "rgb"
    if color == "grey" and published is not None:
        raise ValueError(f"--color grey does not go with the {weights} weights of {model}, which expect --color rgb.")

    size, channels = inputs.image_size, 1 if color == "grey" else 3
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


def _fits(model: str, size: int, channels: int) -> bool:
    """Whether images of this size leave something for the network's last layers to see."""
    try:
        describe(model, (size, size, channels))
    except ValueError:
        return False
    return True
