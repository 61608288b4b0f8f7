"""Network in network: Lin et al., Network In Network, 2014, in its form for CIFAR."""

from imgcls.models.registry import architecture
from imgcls.models.wiring import Tensor, Wiring

BLOCKS = (  # kernel size, filters of the convolution and of the 1x1 convolutions after it, pooling
    (5, (192, 160, 96), "max"),
    (5, (192, 192, 192), "average"),
    (3, (192, 192), None),
)


@architecture(
    "nin",
    image_size=32,
    num_classes=10,
    paper="Lin et al., Network In Network, 2014",
    parameters=966_986,
    top1=91.19,
    top1_source="CIFAR-10; paper, table 1",
    wiring={"normalization": "none", "dropout": 0.5},
)
def nin(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """Convolutions whose filters are small networks, that is, further 1x1 convolutions.

    The paper's last 1x1 convolution has a map for each class and is averaged. Both are linear, so they may change
    places: here the average comes first, and the convolution is the classifier.
    """
    for block, (kernel_size, filters, pooling) in enumerate(BLOCKS, start=1):
        for i, count in enumerate(filters, start=1):
            x = net.conv_norm_act(x, count, kernel_size if i == 1 else 1, name=f"block{block}_{i}")
        if pooling:
            pool = net.max_pool if pooling == "max" else net.average_pool
            x = pool(x, 3, 2, padding="same", name=f"block{block}_pool")
            x = net.dropped(x, name=f"block{block}_dropout")
    return x
