"""Vision transformers: Dosovitskiy et al., An Image is Worth 16x16 Words, 2021.

The same networks are DeiT (Touvron et al., 2021). DINOv2 (Oquab et al., 2024) has smaller patches and layer scale, and
may have registers (Darcet et al., 2024), for which no position is learned.
"""

from dataclasses import dataclass
from functools import partial

from imgcls.models.registry import architecture
from imgcls.models.weights import vit_names
from imgcls.models.wiring import Tensor, Wiring

DEPTH = 12  # blocks
EXPANSION = 4  # of the channels inside the second half of a block
HEAD_CHANNELS = 64


@dataclass(frozen=True)
class Transformer:
    """Sizes of a vision transformer.

    Attributes:
        patch: Side of a patch, in pixels.
        channels: Of a token.
        registers: Learned tokens besides the class token.
        scale: That layer scale starts from; 0 leaves it out.
        depth: Blocks.
    """

    patch: int
    channels: int
    registers: int = 0
    scale: float = 0.0
    depth: int = DEPTH


def vit(net: Wiring[Tensor], x: Tensor, sizes: Transformer) -> Tensor:
    """The tokens after the last block; the map of the patch tokens, normalized, where `net.pooling` is "none"."""
    x = net.conv(x, sizes.channels, sizes.patch, sizes.patch, padding="valid", bias=True, name="patches_conv")
    grid = net.size(x)
    x = net.tokens(x, name="patches")
    if sizes.registers:
        x = net.position_embedding(x, grid, name="positions")
        x = net.class_token(x, sizes.registers, name="class_token")
    else:
        x = net.position_embedding(net.class_token(x, name="class_token"), grid, name="positions")
    for block in range(1, sizes.depth + 1):
        x = _attention(net, x, sizes, block)
        x = _mlp(net, x, sizes, block)
    return net.tokens_to_map(net.norm(x, name="last_norm"), grid, name="map") if net.pooling == "none" else x


def _attention(net: Wiring[Tensor], x: Tensor, sizes: Transformer, block: int) -> Tensor:
    name = f"block{block}_attention"
    branch = net.norm(x, name=f"{name}_norm")
    branch = net.self_attention(branch, sizes.channels // HEAD_CHANNELS, name=name)
    return _added(net, x, branch, sizes, block, name)


def _mlp(net: Wiring[Tensor], x: Tensor, sizes: Transformer, block: int) -> Tensor:
    name = f"block{block}_mlp"
    branch = net.norm(x, name=f"{name}_norm")
    branch = net.dense_act(branch, EXPANSION * sizes.channels, name=f"{name}_expand")
    branch = net.dense(branch, sizes.channels, name=f"{name}_project_dense")
    return _added(net, x, branch, sizes, block, name)


def _added(net: Wiring[Tensor], x: Tensor, branch: Tensor, sizes: Transformer, block: int, name: str) -> Tensor:
    if sizes.scale:
        branch = net.layer_scale(branch, sizes.scale, name=f"{name}_scale")
    branch = net.stochastic(branch, block / sizes.depth, name=f"{name}_drop_path")
    return net.add(x, branch, name=f"{name}_sum")


def vit_head(net: Wiring[Tensor], x: Tensor, registers: int) -> Tensor:
    """The class token, or the average of the patch tokens, normalized."""
    return net.to_normalized_vector(x, prefix=1 + registers, name="embedding")


VIT = "Dosovitskiy et al., An Image is Worth 16x16 Words, 2021"
DINOV2 = "Oquab et al., DINOv2, 2024"
REGISTERS = "Darcet et al., Vision Transformers Need Registers, 2024"
DEIT_TABLE, LINEAR = "ImageNet; DeiT's paper, table 5", "ImageNet, linear probe; DINOv2's repository"
SIZES = {"tiny": 192, "small": 384, "base": 768}  # channels of a token: DeiT's paper, table 1
NETWORKS = {  # sizes, image size, trainable parameters, top-1 and where it stands, paper
    "vit_tiny_patch16": (Transformer(16, 192), 224, 5_717_416, 72.2, DEIT_TABLE, VIT),
    "vit_small_patch16": (Transformer(16, 384), 224, 22_050_664, 79.8, DEIT_TABLE, VIT),
    "vit_base_patch16": (Transformer(16, 768), 224, 86_567_656, 81.8, DEIT_TABLE, VIT),
    "vit_small_patch14_dinov2": (Transformer(14, 384, 0, 1e-5), 518, 22_441_192, 81.1, LINEAR, DINOV2),
    "vit_base_patch14_dinov2": (Transformer(14, 768, 0, 1e-5), 518, 87_348_712, 84.5, LINEAR, DINOV2),
    "vit_small_patch14_reg4_dinov2": (Transformer(14, 384, 4, 1e-5), 518, 22_442_344, 80.9, LINEAR, REGISTERS),
    "vit_base_patch14_reg4_dinov2": (Transformer(14, 768, 4, 1e-5), 518, 87_351_016, 84.6, LINEAR, REGISTERS),
}

for _name, (_sizes, _image_size, _parameters, _top1, _source, _paper) in NETWORKS.items():
    architecture(
        _name,
        _image_size,
        head=partial(vit_head, registers=_sizes.registers),
        head_in_backbone=True,
        paper=_paper,
        parameters=_parameters,
        top1=_top1,
        top1_source=_source,
        state_dicts=vit_names.dialects(_sizes.scale > 0),
        wiring={
            "activation": "gelu",
            "normalization": "channel",
            "norm_epsilon": 1e-6,
            "pooling": "token",
            "initializer": "glorot_uniform",
            "drop_path": 0.1 if _sizes.patch == 16 else 0.0,
        },
    )(partial(vit, sizes=_sizes))
