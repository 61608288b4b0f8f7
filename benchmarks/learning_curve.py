"""How often the interval of `imgcls.evaluation.learning_curve` holds what twice the images really bring.

Of the pixels of Fashion-MNIST, 1,000 training and 500 validation images are drawn many times. The truth is the mean
accuracy on the 10,000 test images of heads that are fitted on that many, and on twice as many.

    apt-get install dataset-fashion-mnist
    python benchmarks/learning_curve.py --trials 20
"""

import argparse
import gzip
import time
from pathlib import Path

import numpy as np

from imgcls.evaluation import learning_curve as module
from imgcls.evaluation.learning_curve import Features, learning_curve

SOURCE = Path("/usr/share/datasets/fashion-mnist")


def read(part: str) -> Features:
    """The pixels and labels of a part, as features."""
    images, labels = (
        np.frombuffer(gzip.decompress(next(SOURCE.rglob(f"{part}-{kind}*")).read_bytes()), np.uint8)
        for kind in ("images", "labels")
    )
    return Features(images[16:].reshape(-1, 784).astype(np.float32), labels[8:].astype(int))


def some(features: Features, places: np.ndarray) -> Features:
    return Features(features.values[places], features.labels[places])


def accuracy(training: Features, test: Features, seed: int) -> float:
    """Of the head that the learning curve fits on all of these."""
    x, y = module._reduced(training.values, test.values)
    fitted = module._fitted(x, training.labels, module._strength(x, training, seed))
    return float((fitted(y) == test.labels).mean())


def main() -> None:
    """Print the truth, and how many intervals hold it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--judged", type=int, default=500)
    parser.add_argument("--trials", type=int, default=20)
    options = parser.parse_args()
    every, test = read("train"), read("t10k")
    generator = np.random.default_rng(0)
    means = [
        np.mean([accuracy(some(every, generator.permutation(60_000)[:n]), test, seed) for seed in range(10)])
        for n in (options.images, 2 * options.images)
    ]
    truth = means[1] - means[0]
    print(f"truth: {100 * means[0]:.2f} % and {100 * means[1]:.2f} %, {100 * truth:.2f} points more", flush=True)
    held, widths, seconds = [], [], []
    for trial in range(options.trials):
        places = generator.permutation(60_000)[: options.images + options.judged]
        began = time.perf_counter()
        parts = (some(every, part) for part in np.split(places, [options.images]))
        found = learning_curve(*parts, [str(i) for i in range(10)], seed=trial)
        seconds.append(time.perf_counter() - began)
        gain = found.doubling
        print(found.reason or f"{100 * gain.low:.2f} to {100 * gain.high:.2f} points", flush=True)
        if gain:
            held.append(gain.low <= truth <= gain.high)
            widths.append(100 * (gain.high - gain.low))
    print(
        f"{sum(held)} of {len(held)} intervals hold it, {np.median(widths):.1f} points wide in the median; "
        f"{options.trials - len(held)} say nothing; {np.median(seconds):.1f} s a curve"
    )


if __name__ == "__main__":
    main()
