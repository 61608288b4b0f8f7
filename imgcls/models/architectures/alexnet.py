"""AlexNet: Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012."""

from functools import partial

from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.wiring import Tensor, Wiring

FILTERS = (96, 256, 384, 384, 256)
LATER_FILTERS = (64, 192, 384, 256, 256)  # Krizhevsky, One Weird Trick for Parallelizing CNNs, 2014
KERNELS = (11, 5, 3, 3, 3)
POOLED = (1, 2, 5)  # the convolutions that overlapping pooling follows


def alexnet(net: Wiring[Tensor], x: Tensor, filters: tuple[int, ...], towers: int = 1, later: bool = False) -> Tensor:
    """Five convolutions.

    Args:
        filters: Of each convolution.
        towers: Parts that the second, fourth and fifth convolution do not look across (section 3.5).
        later: The form of 2014, which pads the image and has no local response normalization.
    """
    for i, (count, kernel_size) in enumerate(zip(filters, KERNELS, strict=True), start=1):
        strides, padding = (4, 2 if later else 0) if i == 1 else (1, "same")
        groups = towers if i in (2, 4, 5) else 1
        x = net.conv_norm_act(x, count, kernel_size, strides, padding=padding, groups=groups, name=f"conv{i}")
        if i <= 2 and not later:
            x = net.local_response_norm(x, radius=2, bias=2.0, alpha=1e-4, beta=0.75, name=f"lrn{i}")
        if i in POOLED:
            x = net.max_pool(x, 3, 2, name=f"pool{i}")
    return x


def alexnet_head(net: Wiring[Tensor], x: Tensor, units: int = 4096) -> Tensor:
    """Two dense layers."""
    x = net.dense_act(net.flatten(x, name="flat"), units, name="fc6")
    x = net.dense(net.dropped(x, name="fc6_dropout"), units, name="fc7_dense")
    return net.act(x, name="embedding")


TORCH_NAMES = {
    **{f"conv{i}_conv": f"features.{number}" for i, number in enumerate((0, 3, 6, 8, 10), start=1)},
    "fc6_dense": "classifier.1",
    "fc7_dense": "classifier.4",
    "logits": "classifier.6",
}
PAPER = "Krizhevsky et al., ImageNet Classification with Deep CNNs, 2012"
SHARED = {"head": alexnet_head, "wiring": {"normalization": "none", "dropout": 0.5}}

architecture(
    "alexnet", 227, paper=PAPER, parameters=60_965_224, top1=59.3, top1_source="ImageNet; paper, table 2", **SHARED
)(partial(alexnet, filters=FILTERS, towers=2))
architecture("alexnet_one_column", 227, paper=PAPER, parameters=62_378_344, **SHARED)(partial(alexnet, filters=FILTERS))
architecture(
    "alexnet_2014",
    224,
    paper="Krizhevsky, One Weird Trick for Parallelizing CNNs, 2014",
    parameters=61_100_840,
    top1=56.52,
    top1_source="ImageNet; torchvision",
    state_dicts=(StateDictNames("torchvision", TORCH_NAMES.__getitem__, {}),),
    **SHARED,
)(partial(alexnet, filters=LATER_FILTERS, later=True))
