"""Turn labelled images into a manifest: one table that every command reads.

Reads the files of labelling tools, opens every image once, and names what cannot be used. The images stay where they
are.

--boxes says what an example is: `single` takes the images that have one class only, `largest` gives an image the class
of its largest box, `crop` makes an example of each box, which the network sees alone, and `multi_label` keeps all
classes of an image, for other tools. --consensus makes one label of several people's answers: the most frequent
(`majority`, which `auto` takes where there are several), weighted by each one's skill, or by what each one confuses
(Dawid and Skene). An image whose answers are tied is left out; `majority_then_skill` settles it by skill. --overlay
lays corrections over it all. A manifest can be the source too.

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
from imgcls.counted import counted
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ
from imgcls.labels import FORMATS, WRITERS

_LABEL_FORMATS = textwrap.fill(f"Label formats: {'; '.join(row.title for row in FORMATS.values())}.", 120)
__doc__ = f"{__doc__}\n{_LABEL_FORMATS}\n\n{WHAT_IS_READ}\n"

if TYPE_CHECKING:
    import pandas as pd

    from imgcls.data.manifest.table import Manifest
    from imgcls.data.sources.importing import Imported

MOST_SHOWN = 50  # problems in the terminal
OUTPUT = Path("manifest.parquet")  # where none is named


@dataclass(frozen=True)
class Options:
    source: Annotated[str, tyro.conf.Positional]  # annotation file, folder of a data set, manifest, card, or tfds:NAME
    output: Path | None = None  # manifest to write; manifest.parquet if none is named
    labels: Annotated[LabelsConfig, tyro.conf.arg(name="")] = field(default_factory=LabelsConfig)
    fetching: Annotated[FetchConfig, tyro.conf.arg(name="")] = field(default_factory=FetchConfig)
    convert_to: Literal[(*WRITERS, "nothing")] = "nothing"  # also write the labels in the format of another tool
    convert_folder: Path | None = None  # folder for --convert-to, which must not be there yet


def main(options: Options) -> int:
    output = check_output(options)
    for path, folder in ((output, False), (options.convert_folder, True)):
        if path:
            check_writable(path, folder)
    from imgcls.cli.terminal import progress
    from imgcls.data.sources.importing import import_manifest, needs_tensorflow
    from imgcls.data.sources.load import source_of

    if needs_tensorflow(options.source):
        command.import_tensorflow()
    with progress("Reading the labels", None) as on_fetched:
        imported = import_manifest(*source_of(options.source, options.labels), options.fetching, on_fetched)
    manifest = look_at_all(imported.manifest)
    told = imported.problems
    if options.convert_folder:
        told = convert(manifest, options.convert_to, options.convert_folder, told)
    if output:
        manifest.save(output)
    show(manifest)
    if imported.consensus:
        show_consensus(imported, (output or OUTPUT).with_suffix(".annotators.csv"))
    if len(told):
        tell(told, (output or options.convert_folder).with_suffix(".problems.csv"))
    say_what_next(manifest, output, options)
    lost = len(manifest.problems) or (told["effect"] == "left out").any()
    return command.WITH_PROBLEMS if lost else command.OK


def check_output(options: Options) -> Path | None:
    """Where the manifest is to be written; None if nothing but a conversion is wanted.

    Raises ValueError or FileExistsError for flags that do not go together, before anything is read.
    """
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
    from imgcls.data.manifest.table import is_manifest

    changes_one = is_manifest(options.source)
    if changes_one and not options.output and not options.convert_folder:
        raise ValueError(f"{options.source} is a manifest already. Name what to write: --output or --convert-folder.")
    output = None if changes_one and not options.output else options.output or OUTPUT
    if output and Path(options.source).exists() and output.resolve() == Path(options.source).resolve():
        raise ValueError(f"--output is the source itself, {output}, which is never changed. Name another file.")
    return output


def look_at_all(manifest: "Manifest") -> "Manifest":
    """Open every image that was not opened yet."""
    command.import_tensorflow()
    from imgcls.cli.terminal import progress
    from imgcls.data.inspection.inspect import inspect

    with progress("Looking at every image", len(manifest.table)) as on_progress:
        return inspect(manifest, on_progress)


def convert(manifest: "Manifest", format: str, folder: Path, told: "pd.DataFrame") -> "pd.DataFrame":
    """Write the files of another tool; returns what is to be told, with what its format cannot hold."""
    import pandas as pd

    from imgcls.data.manifest.from_records import to_records
    from imgcls.labels import write_labels

    records = to_records(manifest)
    return pd.concat([told, write_labels(records, folder, format)], ignore_index=True)


def show(manifest: "Manifest") -> None:
    """Print how many examples each class and split has, and what cannot be used."""
    from imgcls.cli.terminal import say, say_transcoded, table

    counts = manifest.counts()
    numbers = zip(counts.index, counts.to_numpy(), strict=True)
    table(["class", *counts.columns], [[str(label), *(f"{count:,}" for count in row)] for label, row in numbers])
    say_transcoded(manifest.transcoded)
    problems = manifest.problems
    if len(problems):
        say(f"\n{len(problems):,} of {counted(len(manifest.table), 'file')} cannot be used:")
        table(["file", "problem"], problems.head(MOST_SHOWN).to_numpy().tolist(), text_columns=2)


def show_consensus(imported: "Imported", path: Path) -> None:
    """Print how far each annotator can be trusted and how many images are in doubt, and keep the annotators' table."""
    from imgcls.cli.terminal import percent, say, table
    from imgcls.files import replacing

    annotators = imported.consensus.annotators.sort_values("skill", ascending=False)
    with replacing(path) as partial:
        annotators.to_csv(partial)
    rows = [
        [str(row.Index), f"{row.answers:,}", percent(row.agreement), f"{row.golden_right} of {row.golden_answers}",
         percent(row.skill)] for row in annotators.head(MOST_SHOWN).itertuples()
    ]  # fmt: skip
    say(f"\nWho labelled, the most skilled first; all of them in {path}:")
    table(["annotator", "answers", "agreement", "known answers", "skill"], rows)
    say(f"\n{percent(imported.consensus.needing_another)} of the images need one more opinion.")


def tell(told: "pd.DataFrame", path: Path) -> None:
    """Show what the annotation files had wrong, and keep all of it as a table."""
    from imgcls.cli.terminal import say, table
    from imgcls.files import replacing

    with replacing(path) as partial:
        told.to_csv(partial, index=False)
    say(f"\n{counted(len(told), 'thing')} about the annotations, all of them in {path}:")
    rows = told.head(MOST_SHOWN)[["effect", "file", "line", "reason"]].astype(str).to_numpy().tolist()
    table(["effect", "file", "line", "reason"], rows, text_columns=4)


def say_what_next(manifest: "Manifest", output: Path | None, options: Options) -> None:
    """Say what was written where, and what to type next."""
    from imgcls.cli.terminal import next_step, say

    what = f"{counted(len(manifest.usable), 'example')} of {counted(len(manifest.class_names), 'class')}"
    if options.convert_folder:
        say(f"\n{what} written for {options.convert_to} to {options.convert_folder}")
    if output:
        say(f"\n{what} written to {output}")
        next_step(f"python -m imgcls.train --data {output}")


if __name__ == "__main__":
    command.run(main, Options, __doc__)
