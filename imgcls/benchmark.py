"""Find out which network is best for these images on this machine: accuracy, latency, memory, size, cost of training.

For each network: the accuracy of a linear classifier on its features with its 95 % interval (seconds; --train short or
full trains it instead; where an image has several classes, macro average precision), and for each engine that is
installed the latency of the exported bundle with the decoding of the images, its images a second at the best batch, the
peak memory of a process of its own, and its size. The engines take turns in several rounds. The last lines say which
network to take, why, and what to type.

Without --models the networks are chosen: those within --at-most-ms and --at-most-mb by the table of costs and a quick
measurement of this machine, the best published accuracy first. What is measured then has to keep the limits.

Every figure is added to measurements.parquet, with machine, date, versions and images. The same command again measures
only what is missing, also after Ctrl-C. report.html has the pictures. Images of the test split take no part.

Examples:
  python -m imgcls.benchmark photos --models efficientnet_lite0 mobilenet_v3_large resnet50
  python -m imgcls.benchmark photos --at-most-ms 50 --at-most-mb 20 --minutes 10
  python -m imgcls.benchmark photos --models efficientnet_lite0 resnet18 --train short --engines openvino
  python -m imgcls.benchmark photos --models resnet50 my.keras keras_cv:mit_b0 --preprocessing my.keras=imagenet
  python -m imgcls.benchmark photos --models resnet18 resnet50 --train full --to-accuracy 0.93 --price-per-hour 0.5
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.files import check_writable


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    data: Annotated[str, tyro.conf.Positional]  # folder with a folder of images a class, manifest (.parquet), or card
    models: tuple[str, ...] = ()  # networks that `python -m imgcls.models` lists, .py or .keras files, PROJECT:NAME
    preprocessing: tuple[str, ...] = ()  # pixels of Keras models that do not say theirs: 0-1, or MODEL=0-1 for each
    at_most_ms: float = 0.0  # largest median latency of an image, decoding included, in milliseconds; 0: no limit
    at_most_mb: float = 0.0  # largest size of the network's files in megabytes; 0: no limit
    candidates: int = 8  # how many networks are measured where none are named
    train: Literal["probe", "short", "full"] = "probe"  # accuracy of a linear probe, or after 3 or 30 epochs
    engines: tuple[str, ...] = ()  # tensorflow, openvino, onnx, litert; all that are installed if none is named
    image_size: int = 0  # pixels, square; 0: each network's own
    weights: str = "auto"  # auto: published ones where they can be had; none: random ones; timm:NAME for one network
    minutes: float = 0.0  # after which nothing new is begun; 0: no limit
    to_accuracy: float = 0.0  # accuracy, 0 to 1, to which time and cost of training are counted; 0: none
    price_per_hour: float = 0.0  # of this machine, in any currency; shows what training and prediction cost
    again: bool = False  # measure also what stands in the table already
    runs: Path = Path("runs")  # folder of the runs, beside which features are cached
    output: Path | None = None  # folder of measurements.parquet and report.html; <runs>/benchmark if none is named
    seed: int = 0  # of the splits and of random weights


def main(options: Options) -> int:
    """Measure the networks, and print the table and the recommendation."""
    from imgcls.workflow.benchmark.request import BenchmarkRequest

    request = BenchmarkRequest(**vars(options))
    from imgcls.models.registry import find_architecture, is_foreign

    for name in options.models:
        if not name.endswith(".py") and not is_foreign(name):  # which may need Keras
            find_architecture(name)
    check_writable(request.folder, folder=True)
    command.import_tensorflow()
    from imgcls.cli.run_benchmark import benchmark

    return benchmark(request)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
