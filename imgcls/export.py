"""Export a trained run as a bundle that any TensorFlow Serving can load: image bytes in, class names out.

The bundle is proved before it is kept: a fresh process loads it and must give the probabilities of the run's model on
the run's own test images.

Examples:
  python -m imgcls.export runs/fashion_mini-resnet20-1
  python -m imgcls.export runs/fashion_mini-resnet20-1 --name clothing --output saved_models
  python -m imgcls.export runs/fashion_mini-resnet20-1 --format openvino
  python -m imgcls.export runs/fashion_mini-resnet20-1 --format onnx litert --precision int8 --most-accuracy-loss 0.02
  python -m imgcls.export runs/fashion_mini-resnet20-1 --explain
  python -m imgcls.export runs/fashion_mini-resnet20-1 --for-serving 2.19
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.files import check_writable
from imgcls.run_folder import RunFolder
from imgcls.serving.compatibility.targets import NEWEST_SERVING, check_target
from imgcls.serving.versions import check_name


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    run: Annotated[Path, tyro.conf.Positional]  # folder of the run
    name: str = ""  # of the bundle; empty: the run's, with '_' for spaces and the like
    output: Path = Path("saved_models")  # folder for <name>/<version>
    format: tuple[str, ...] = ()  # formats that are written besides the SavedModel: onnx, litert, openvino
    precision: tuple[Literal["float32", "bfloat16", "int8"], ...] = ("float32",)  # of each format that has them
    most_accuracy_loss: float = 0.01  # share of test images, below float32's, that bfloat16 and int8 may lose
    explain: bool = False  # the SavedModel also says why: a heat map, as numbers and drawn over the image
    threshold: float = 0.0  # probability, 0 to 1, below which the decision is "not sure"; 0: as the run was fitted
    for_serving: str = NEWEST_SERVING  # release of TensorFlow Serving that has to know every operation of the graph


def main(options: Options) -> int:
    """Export the run and print what was written."""
    run = RunFolder(options.run)
    run.require_model()
    check_target(options.for_serving)
    name = check_name(options.name or run.bundle_name)
    check_writable(options.output / name, folder=True)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # both sides of the comparison on the same kind of processor
    command.import_tensorflow()
    from imgcls.cli.run_export import export

    return export(
        run,
        options.output,
        name,
        formats=options.format,
        precisions=options.precision,
        most_accuracy_loss=options.most_accuracy_loss,
        explain=options.explain,
        for_serving=options.for_serving,
        threshold=options.threshold,
    )


if __name__ == "__main__":
    command.run(main, Options, __doc__)
