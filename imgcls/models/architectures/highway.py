"""Highway networks: Srivastava et al., Highway Networks and Training Very Deep Networks, 2015."""

from functools import partial

from imgcls.models.registry import architecture
from imgcls.models.wiring import Tensor, Wiring

NETWORKS = {  # (filters, layers) of each stage; of about the 2.3 M and 1.25 M parameters of the second paper's table 1
    "highway19": ((32, 6), (80, 6), (128, 6)),
    "highway32": ((24, 10), (48, 10), (64, 11)),
}


def highway(net: Wiring[Tensor], x: Tensor, stages: tuple[tuple[int, int], ...]) -> Tensor:
    """Each stage begins with a plain convolution; in the layers after it a gate decides what passes unchanged."""
    for stage, (filters, layers) in enumerate(stages, start=1):
        x = net.conv_norm_act(x, filters, 3, name=f"stage{stage}_1")
        for i in range(2, layers + 1):
            name = f"stage{stage}_{i}"
            x = net.highway_gate(net.conv_norm_act(x, filters, 3, name=name), x, name=f"{name}_gate")
        if stage < len(stages):
            x = net.max_pool(x, 2, 2, name=f"stage{stage}_pool")
            x = net.dropped(x, name=f"stage{stage}_dropout")
    return x


for _name, _stages in NETWORKS.items():
    architecture(
        _name,
        32,
        num_classes=10,
        paper="Srivastava et al., Training Very Deep Networks, 2015",
        wiring={"normalization": "none", "dropout": 0.2},
    )(partial(highway, stages=_stages))
