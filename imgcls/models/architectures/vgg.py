"""VGG: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014."""

from functools import partial

from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Tensor, Wiring

FILTERS = (64, 128, 256, 512, 512)  # of each stage
CONVOLUTIONS = {  # in each stage, parameters at 1000 classes, top-1 on ImageNet; tables 1 to 3
    "vgg11": ((1, 1, 2, 2, 2), 132_863_336, 70.4),  # A
    "vgg11_lrn": ((1, 1, 2, 2, 2), 132_863_336, 70.3),  # A-LRN
    "vgg13": ((2, 2, 2, 2, 2), 133_047_848, 71.3),  # B
    "vgg16_c": ((2, 2, 3, 3, 3), 133_638_952, 72.7),  # C: the third of a stage is 1x1
    "vgg16": ((2, 2, 3, 3, 3), 138_357_544, 74.4),  # D
    "vgg19": ((2, 2, 4, 4, 4), 143_667_240, 74.5),  # E
}
SHALLOW_START = (  # section 3.1: the first four convolutions and the dense layers of net A
    "stage1_1_conv", "stage2_1_conv", "stage3_1_conv", "stage3_2_conv", "fc1_dense", "fc2_dense", "logits",
)  # fmt: skip


def vgg(
    net: Wiring[Tensor], x: Tensor, convolutions: tuple[int, ...], local_response: bool = False, third_kernel: int = 3
) -> Tensor:
    """Five stages of 3x3 convolutions, each halved by a pooling."""
    for stage, (count, filters) in enumerate(zip(convolutions, FILTERS, strict=True), start=1):
        for i in range(1, count + 1):
            x = net.conv_norm_act(x, filters, third_kernel if i == 3 else 3, name=f"stage{stage}_{i}")
            if local_response and stage == i == 1:
                x = net.local_response_norm(x, radius=2, bias=2.0, alpha=1e-4, beta=0.75, name="stage1_lrn")
        x = net.max_pool(x, 2, 2, name=f"stage{stage}_pool")
    return x


def vgg_head(net: Wiring[Tensor], x: Tensor, units: int = 4096) -> Tensor:
    """Two dense layers."""
    x = net.dense_act(net.flatten(x, name="flat"), units, name="fc1")
    x = net.dense(net.dropped(x, name="fc1_dropout"), units, name="fc2_dense")
    return net.act(x, name="embedding")


def torch_names(
    convolutions: tuple[int, ...], dense: tuple[str, str, str], project: str, batch: bool
) -> StateDictNames:
    """torchvision and timm number convolutions, normalisations, activations and poolings in one row."""
    names = dict(zip(("fc1_dense", "fc2_dense", "logits"), dense, strict=True))
    number = 0
    for stage, count in enumerate(convolutions, start=1):
        for i in range(1, count + 1):
            names[f"stage{stage}_{i}_conv"] = f"features.{number}"
            names[f"stage{stage}_{i}_norm"] = f"features.{number + 1}"
            number += 3 if batch else 2
        number += 1
    wiring = {"normalization": "batch", "norm_epsilon": 1e-5} if batch else {}
    return StateDictNames(f"{project}, batch normalisation" if batch else project, names.__getitem__, wiring)


TORCHVISION = ("classifier.0", "classifier.3", "classifier.6")
TIMM = ("pre_logits.fc1", "pre_logits.fc2", "head.fc")

for _name, (_convolutions, _parameters, _top1) in CONVOLUTIONS.items():
    _lrn, _third_kernel = _name == "vgg11_lrn", 1 if _name == "vgg16_c" else 3
    _dialects = [
        torch_names(_convolutions, dense, project, batch)
        for dense, project in ((TORCHVISION, "torchvision"), (TIMM, "timm"))
        for batch in (False, True)
    ]
    architecture(
        _name,
        224,
        head=vgg_head,
        paper="Simonyan and Zisserman, Very Deep Convolutional Networks, 2014",
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; paper, table 3",
        weights=keras_twin(_name.upper(), "caffe") if _name in ("vgg16", "vgg19") else {},
        state_dicts=() if _lrn or _third_kernel == 1 else tuple(_dialects),
        wiring={"normalization": "none", "dropout": 0.5},
        starts_from=SHALLOW_START,
    )(partial(vgg, convolutions=_convolutions, local_response=_lrn, third_kernel=_third_kernel))
