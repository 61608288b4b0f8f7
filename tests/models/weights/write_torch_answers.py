"""What networks of timm and torchvision answer with the weights of `random_array`, for test_torch_answers.py.

    OTHER/bin/python -m tests.models.weights.write_torch_answers

OTHER is an environment with torch, timm and torchvision; nothing of it is needed to run the tests. The small networks
are those of tests/models/architectures/test_architectures.py. Files of facebookresearch go through timm's own readers.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import timm
import torch
from timm.layers import resample_abs_pos_embed
from timm.models import byobnet, convnext, regnet, vision_transformer
from torchvision.models import regnet as torchvision_regnet
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.convnext import ConvNeXt as TorchvisionConvNeXt

from tests.models.weights.random_arrays import random_array, random_pixels

ANSWERS = Path(__file__).with_name("files") / "torch_answers.json"
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5,) * 3, (0.5,) * 3)
SIZES = {"depths": (1, 1, 2, 1), "dims": (8, 16, 32, 64), "num_classes": 5}
VIT = {"img_size": 32, "patch_size": 8, "embed_dim": 128, "depth": 2, "num_heads": 2, "num_classes": 5}
DINOV2 = {**VIT, "init_values": 1e-5}
REGNET_LINE = {"depth": 5, "w0": 8, "wa": 8.0, "wm": 1.6}  # one block in each of three stages, and two in the last
REPVGG = [byobnet.ByoBlockCfg(type="rep", d=blocks, s=2, c=filters) for blocks, filters in ((2, 8), (1, 16))]
AUTHORS_OF_REPVGG = (
    ("conv_kxk", "rbr_dense"), ("conv_1x1", "rbr_1x1"), ("identity", "rbr_identity"), ("head.fc", "linear"),
    ("stem", "stage0"), ("stages.1", "stage2"), ("stages.0", "stage1"),
)  # fmt: skip
REGISTERS = {**DINOV2, "reg_tokens": 4, "no_embed_class": True}


def answer(
    network: str, file: str, model: torch.nn.Module, pixels_of: tuple, size=(32, 32), shapes=None, renamed=()
) -> dict:
    """One entry: the file's names and shapes, and the outputs.

    Args:
        shapes: Of a file that timm's reader converts.
        renamed: Parts of the model's names, and what they are in the file.
    """
    theirs = {in_file(name, renamed): name for name in model.state_dict()}
    shapes = shapes or {name: tuple(model.state_dict()[ours].shape) for name, ours in theirs.items()}
    arrays = {theirs.get(name, name): torch.from_numpy(random_array(name, shape)) for name, shape in shapes.items()}
    if "facebook" in file or "pretrain" in file:
        reader = vision_transformer if "dino" in file else convnext
        arrays = reader.checkpoint_filter_fn(dict(arrays), model)
    model.load_state_dict(arrays)
    if size != (32, 32):
        model.set_input_size(img_size=size)
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) * 255 for each in pixels_of)
    pixels = torch.from_numpy(random_pixels(size)).permute(0, 3, 1, 2)
    with torch.no_grad():
        outputs = model.eval()((pixels - mean) / std)
    return {"network": network, "file": file, "size": size, "shapes": shapes, "outputs": outputs.tolist()}


def in_file(name: str, renamed: Sequence[tuple[str, str]]) -> str:
    for ours, theirs in renamed:
        name = name.replace(ours, theirs)
    return name


def authors_convnext(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    """The names that facebookresearch gives to what timm calls otherwise, with the shapes of its files."""
    renamed = {}
    for name, value in model.state_dict().items():
        shape = tuple(value.shape)
        if "grn" in name:
            name, shape = name.replace("grn.weight", "grn.gamma").replace("grn.bias", "grn.beta"), (1, 1, 1, *shape)
        for theirs, ours in (
            ("stem.", "downsample_layers.0."), ("head.norm.", "norm."), ("head.fc.", "head."), (".blocks.", "."),
            ("conv_dw", "dwconv"), ("mlp.fc1", "pwconv1"), ("mlp.fc2", "pwconv2"), ("mlp.", ""),
        ):  # fmt: skip
            name = name.replace(theirs, ours)
        if ".downsample." in name:
            _, stage, _, rest = name.split(".", 3)
            name = f"downsample_layers.{stage}.{rest}"
        renamed[name] = shape
    return renamed


def authors_dinov2(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    """The names and shapes of facebookresearch's file, which has a mask token and a position of the class token."""
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items() if name != "reg_token"}
    registers = getattr(model, "reg_token", None)
    if registers is not None:
        shapes |= {"register_tokens": tuple(registers.shape), "pos_embed": (1, 17, 128)}
    return {**shapes, "mask_token": (1, 128)}


def residual() -> list[dict]:
    """Networks of batch normalization: of groups of channels, and of blocks with branches."""
    cfg = regnet.RegNetCfg(**REGNET_LINE, group_size=8, se_ratio=0.25)
    line = {"depth": 5, "w_0": 8, "w_a": 8.0, "w_m": 1.6, "group_width": 8, "se_ratio": 0.25}
    params = torchvision_regnet.BlockParams.from_init_params(**line)
    norm = partial(torch.nn.BatchNorm2d, eps=1e-5)
    repvgg = byobnet.ByobNet(byobnet.ByoModelCfg(blocks=tuple(REPVGG), stem_type="rep", stem_chs=8), num_classes=5)
    return [
        answer("regnet_small", "regnet.safetensors", regnet.RegNet(cfg, num_classes=5), IMAGENET),
        answer("regnet_small", "torchvision_regnet.pth",
               torchvision_regnet.RegNet(params, num_classes=5, norm_layer=norm), IMAGENET),
        answer("repvgg_small", "repvgg.safetensors", repvgg, IMAGENET),
        answer("repvgg_small", "repvgg_authors.pth", repvgg, IMAGENET, renamed=AUTHORS_OF_REPVGG),
    ]  # fmt: skip


def answers() -> list[dict]:
    v1, v2 = (
        (lambda: convnext.ConvNeXt(**SIZES)),
        (lambda: convnext.ConvNeXt(**SIZES, use_grn=True, ls_init_value=None)),
    )
    blocks = [CNBlockConfig(8, 16, 1), CNBlockConfig(16, 32, 1), CNBlockConfig(32, 64, 2), CNBlockConfig(64, None, 1)]
    vit = vision_transformer.VisionTransformer
    headless = {**DINOV2, "num_classes": 0}
    return [
        answer("small_convnext", "convnext.safetensors", v1(), IMAGENET),
        answer("small_convnext", "convnext_conv_mlp.pth", convnext.ConvNeXt(**SIZES, conv_mlp=True), IMAGENET),
        answer("small_convnext", "convnext_facebook.pth", v1(), IMAGENET, shapes=authors_convnext(v1())),
        answer("small_convnext", "torchvision.pth", TorchvisionConvNeXt(blocks, num_classes=5), IMAGENET),
        answer("small_convnextv2", "convnextv2.safetensors", v2(), IMAGENET),
        answer("small_convnextv2", "convnextv2_facebook.pth", v2(), IMAGENET, shapes=authors_convnext(v2())),
        answer("small_vit", "vit.safetensors", vit(**VIT), HALF),
        answer("small_vit", "deit.safetensors", vit(**VIT), IMAGENET),
        answer("small_vit", "vit_average.safetensors", vit(**VIT, global_pool="avg"), HALF),
        answer("small_vit", "vit_larger.safetensors", vit(**VIT), HALF, (40, 56)),
        answer("small_dinov2", "dinov2.safetensors", vit(**DINOV2), IMAGENET),
        answer("small_dinov2", "dinov2_smaller.safetensors", vit(**headless), IMAGENET, (24, 16)),
        answer("small_dinov2", "dinov2_pretrain.pth", vit(**headless), IMAGENET,
               shapes=authors_dinov2(vit(**headless))),
        answer("small_vit_reg4", "reg4.safetensors", vit(**REGISTERS), IMAGENET),
        answer("small_vit_reg4", "dinov2_reg4_pretrain.pth", vit(**REGISTERS), IMAGENET,
               shapes=authors_dinov2(vit(**REGISTERS))),
    ]  # fmt: skip


def interpolated() -> list[dict]:
    """timm's interpolation of position embeddings (1, 1 + side², 3), from a square to a grid."""
    found = []
    for side, grid in ((4, (3, 5)), (8, (3, 5)), (4, (9, 7)), (5, (5, 1))):
        embeddings = torch.from_numpy(random_array("pos_embed", (1, 1 + side**2, 3)))
        resized = resample_abs_pos_embed(embeddings, list(grid))
        found.append({"side": side, "grid": grid, "embeddings": resized[0].tolist()})
    return found


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


if __name__ == "__main__":
    found = {"timm": timm.__version__, "answers": [*answers(), *residual()], "interpolated": interpolated()}
    ANSWERS.write_text(json.dumps(rounded(found), separators=(",", ":")) + "\n")
    print(f"{ANSWERS}: {ANSWERS.stat().st_size:,} bytes, {np.__version__}")
