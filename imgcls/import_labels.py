"""Turn labelled images into a manifest: one table that every command reads.

Reads the files of labelling tools, opens every image once, and names what cannot be used. The images stay where they
are.

--boxes says what an example is: `single` takes the images that have one class only, `largest` gives an image the class
of its largest box, `crop` makes an example of each box, which the network sees alone, and `multi_label` keeps all
classes of an image; --negatives keeps images without annotations too, as images of none of the classes. --consensus
makes one label of several people's answers: the most frequent (`majority`, which `auto` takes where there are several),
weighted by each one's skill, or by what each one confuses (Dawid and Skene). An image whose answers are tied is left
out; `majority_then_skill` settles it by skill. --overlay lays corrections over it all. A manifest can be the source
too.

Examples:
  python -m imgcls.import_labels photos --output manifests/photos.parquet --group '(patient[0-9]+)_'
  python -m imgcls.import_labels annotations/instances.json --boxes crop --box-margin 0.1 --rename classes.csv
  python -m imgcls.import_labels results.tsv --images photos --consensus dawid_skene --golden known.csv
  python -m imgcls.import_labels addresses.csv --fetch-to photos
  python -m imgcls.import_labels tfds:cifar10 --output manifests/cifar10.parquet
  python -m imgcls.import_labels manifest.parquet --overlay corrections.csv --convert-to yolo --convert-folder for_yolo
  python -m imgcls.train --data manifests/photos.parquet
"""

import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.config import FetchConfig, LabelsConfig
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ
from imgcls.labels import FORMATS, WRITERS

_LABEL_FORMATS = textwrap.fill(f"Label formats: {'; '.join(row.title for row in FORMATS.values())}.", 120)
__doc__ = f"{__doc__}\n{_LABEL_FORMATS}\n\n{WHAT_IS_READ}\n"

if TYPE_CHECKING:
    WriterName = str
else:
    WriterName = Literal[(*WRITERS, "nothing")]
OUTPUT = Path("manifest.parquet")  # where none is named


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    source: Annotated[str, tyro.conf.Positional]  # annotation file, folder of a data set, manifest, card, or tfds:NAME
    output: Path | None = None  # manifest to write; manifest.parquet if none is named
    labels: Annotated[LabelsConfig, tyro.conf.arg(name="")] = field(default_factory=LabelsConfig)
    fetching: Annotated[FetchConfig, tyro.conf.arg(name="")] = field(default_factory=FetchConfig)
    convert_to: WriterName = "nothing"  # also write the labels in the format of another tool
    convert_folder: Path | None = None  # folder for --convert-to, which must not be there yet


def main(options: Options) -> int:
    """Import the labels and print what came of it."""
    _check_flags(options)
    from imgcls.cli.run_import_labels import import_and_show, output_of

    output = output_of(options.source, options.output or None, OUTPUT, bool(options.convert_folder))
    for path, folder in ((output, False), (options.convert_folder, True)):
        if path:
            check_writable(path, folder)
    return import_and_show(
        options.source, options.labels, options.fetching, output, (options.convert_to, options.convert_folder)
    )


def _check_flags(options: Options) -> None:
    """Raise ValueError or FileExistsError for flags that do not go together, before anything is read."""
    if (options.convert_to == "nothing") != (options.convert_folder is None):
        given, other = (
            ("--convert-folder", "--convert-to coco")
            if options.convert_folder
            else ("--convert-to", "--convert-folder FOLDER")
        )
        raise ValueError(f"{given} needs its other half. Add {other}.")
    if options.convert_folder and options.convert_folder.exists():
        raise FileExistsError(
            f"There is something at {options.convert_folder} already. Name a folder that is not there yet."
        )
    if options.output and options.output.suffix != ".parquet":
        raise ValueError(f"--output is {options.output}; expected a file that ends in .parquet.")


if __name__ == "__main__":
    command.run(main, Options, __doc__)
