"""Turn labelled images into a manifest: one table that every command reads.

Reads what labelling tools write (LabelImg, COCO, Pascal VOC, YOLO, Create ML, LabelMe, Label Studio, Supervisely,
Roboflow, ImageNet, IDX, Mechanical Turk, Toloka, tables, and one folder of images a class), opens every image once, and
names what cannot be used. The images stay where they are.

Examples:
  python -m imgcls.import_labels datasets/fashion_mini --output manifests/fashion.parquet
  python -m imgcls.import_labels annotations/instances.json --boxes largest
  python -m imgcls.train --data manifests/fashion.parquet
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from imgcls import command

MOST_SHOWN = 50  # problems in the terminal


@dataclass(frozen=True)
class Options:
    source: Annotated[str, tyro.conf.Positional]  # annotation file, folder of a data set, or a card's name
    output: Path = Path("manifest.parquet")  # file to write
    format: str | None = None  # of the annotations, such as coco, yolo or label_studio; found by content if not given
    boxes: Literal["single", "largest"] = "single"  # images with one class only, or each image's largest box


def main(options: Options) -> int:
    if options.output.suffix != ".parquet":
        raise ValueError(f"--output is {options.output}; expected a file that ends in .parquet.")
    from imgcls.data.sources import import_manifest

    manifest, told = import_manifest(options.source, options.format, options.boxes)
    command.import_tensorflow()
    from imgcls.data.inspection import inspect
    from imgcls.terminal import next_step, progress, say, table

    with progress("Looking at every image", len(manifest.table)) as on_progress:
        manifest = inspect(manifest, on_progress)
    manifest.save(options.output)
    counts = manifest.counts()
    numbers = zip(counts.index, counts.to_numpy(), strict=True)
    table(["class", *counts.columns], [[str(label), *(f"{count:,}" for count in row)] for label, row in numbers])
    problems = manifest.problems
    if len(problems):
        say(f"\n{len(problems)} of {len(manifest.table)} files cannot be used:")
        table(["file", "problem"], problems.head(MOST_SHOWN).to_numpy().tolist(), text_columns=2)
    if len(told):
        _tell(told, options.output.with_suffix(".problems.csv"))
    say(f"\n{len(manifest.usable):,} images of {len(manifest.class_names)} classes written to {options.output}")
    next_step(f"python -m imgcls.train --data {options.output}")
    lost = len(problems) or (told["effect"] == "left out").any()
    return command.WITH_PROBLEMS if lost else command.OK


def _tell(told, path: Path) -> None:
    """Show what the annotation files had wrong, and keep all of it as a table."""
    from imgcls.files import replacing
    from imgcls.terminal import say, table

    with replacing(path) as partial:
        told.to_csv(partial, index=False)
    say(f"\n{len(told)} things about the annotations, all of them in {path}:")
    rows = told.head(MOST_SHOWN)[["effect", "file", "line", "reason"]].astype(str).to_numpy().tolist()
    table(["effect", "file", "line", "reason"], rows, text_columns=4)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
