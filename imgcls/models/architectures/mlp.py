"""Two baselines that look at pixels as a vector: a fully connected network, and a linear classifier on gradients."""

from imgcls.models.registry import architecture
from imgcls.models.wiring import Tensor, Wiring

HIDDEN = (512, 512)  # units


def pixels(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """The pixels themselves: these networks are all head."""
    return x


def mlp_head(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """Dense layers on the pixels as a vector."""
    x = net.flatten(x, name="flat")
    for i, units in enumerate(HIDDEN, start=1):
        x = net.norm(net.dense(x, units, name=f"hidden{i}_dense"), name=f"hidden{i}_norm")
        x = net.act(x, name=f"hidden{i}" if i < len(HIDDEN) else "embedding")
        if i < len(HIDDEN):
            x = net.dropped(x, name=f"hidden{i}_dropout")
    return x


def hog_head(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """Histograms of oriented gradients, which nothing is learned of."""
    return net.oriented_gradients(x, name="embedding")


architecture("mlp", 28, head=mlp_head, channels=1, num_classes=10, wiring={"normalization": "none", "dropout": 0.2})(
    pixels
)
architecture(
    "hog",
    32,
    head=hog_head,
    num_classes=10,
    paper="Dalal and Triggs, Histograms of Oriented Gradients for Human Detection, 2005",
)(pixels)
