"""What --watch costs: seconds at the end of each epoch, to keep the arrays, and to draw a sheet and the strip.

It needs nothing but the sample that is shipped. No peer does the same.

    python -m benchmarks.watch [--model efficientnet_lite0 --image-size 224]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable

from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.models.classifier import preprocessing
from imgcls.training.devices.strategy import make_strategy
from imgcls.training.run import TrainingRun
from imgcls.training.run_output import RunOutput
from imgcls.training.watched_images import choose_images
from imgcls.training.watching import Watcher, epoch_file
from imgcls.workflow.create import create_run
from imgcls.workflow.watch import draw_epoch, draw_watched


def seconds(work: Callable[[], object], rounds: int) -> str:
    """Median and spread; the first round, which warms up, is left out."""
    work()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return f"{statistics.median(taken):.3f} s ({min(taken):.3f} to {max(taken):.3f})"


def main() -> None:
    """Measure and print."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--model", default="resnet20")
    flags.add_argument("--image-size", type=int, default=0, help="pixels; 0: the images' own")
    flags.add_argument("--rounds", type=int, default=7)
    given = flags.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = TrainConfig(
            input=InputConfig(data="fashion_mini", image_size=given.image_size),
            network=NetworkConfig(model=given.model, plan="scratch", weights="none"),
            training=TrainingConfig(watch=True),
            runs=folder,
        )
        run, manifest = create_run(config)
        strategy = make_strategy("one_device")
        with strategy.scope():
            training = TrainingRun(run, manifest, strategy, RunOutput(run), None)
        images = choose_images(training.data, Preprocessing(**preprocessing(training.model)), seed=0)
        watcher = Watcher(training.trainer, training.output, images, training.data.steps_per_epoch)
        watcher.on_train_begin()
        epochs = iter(range(10_000))
        print(f"{given.model}, {' x '.join(map(str, images.pixels.shape))}")
        print("keep an epoch:  ", seconds(lambda: watcher.on_epoch_end(next(epochs)), given.rounds))
        print("draw an epoch:  ", seconds(lambda: draw_epoch(run, 1), given.rounds))
        print("draw the strip: ", seconds(lambda: draw_watched(run), given.rounds))
        print(f"kept an epoch:   {epoch_file(run.watch, 1).stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
