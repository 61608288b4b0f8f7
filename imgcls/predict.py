"""Name what is on images, with a trained run, an exported bundle, or published ImageNet weights.

Examples:
  python -m imgcls.predict runs/fashion_mini-resnet20-1 datasets/fashion_mini/test/bag
  python -m imgcls.predict saved_models/fashion_mini-resnet20-1 'photos/*.jpg' --output predictions.csv
  python -m imgcls.predict saved_models/fashion_mini-resnet20-1 'shards/*.tar' addresses.csv --output predictions/
  python -m imgcls.predict photo.jpg --model efficientnet_lite0

Images are files, folders with all folders in them, globs in quotes, tar and zip archives (WebDataset shards too),
tables (.csv, .tsv, .parquet, .txt, also a manifest) of paths or of addresses, single addresses, and data set cards. Any
number of them takes the same memory.

An --output that ends in .csv, .jsonl or .parquet is one file, which is there when all is done. Every other --output is
a folder: it gets parts as they are done, and the same command typed again goes on where it was, with images that were
added since.

Files that cannot be read stand in the table with their reason; the exit code is then 3, also where an earlier start
found them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.cli.terminal import next_step
from imgcls.command_line import command_line
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ

if TYPE_CHECKING:
    from imgcls.labels.fetching import Limits
    from imgcls.workflow.many_images.share import Share

__doc__ = f"{__doc__}\n{WHAT_IS_READ}\n"

OUTPUT_FORMATS = (".csv", ".jsonl", ".parquet")
MOST_REPEATED = 3  # names of images that the next step repeats


@dataclass(frozen=True)
class SortingOptions:
    """Copies of the images by what was predicted."""

    sort_into: Path | None = None  # folder that gets a folder of copies for each class, "not sure" and problems
    link: bool = False  # symbolic links in place of copies


@dataclass(frozen=True)
class AddressOptions:
    """What fetching images from addresses may take."""

    fetch_at_once: int = 16  # images fetched at the same time
    fetch_seconds: float = 30.0  # for an image, with its redirects and further attempts
    fetch_megabytes: float = 20.0  # of an image
    allow_private_addresses: bool = False  # also ask machines of this network


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    inputs: Annotated[tuple[str, ...], tyro.conf.Positional]  # run or bundle, then images, in any of the ways above
    model: str = ""  # an architecture with published ImageNet weights, in place of a run or bundle
    top: int = 3  # classes named for each image
    output: str = ""  # a .csv, .jsonl or .parquet file for the table, or a folder for its parts
    parts: Literal["parquet", "csv", "jsonl"] = "parquet"  # format of the parts in a folder
    shards: str = "1/1"  # 2/4: the second of four shares of the images, by their names, for one of four machines
    engine: str = "auto"  # tensorflow, openvino, or a format of the bundle: onnx, openvino-int8; auto: openvino if held
    sorting: SortingOptions = field(default_factory=SortingOptions)
    addresses: AddressOptions = field(default_factory=AddressOptions)


def main(options: Options) -> int:
    """Predict the images and print the table."""
    source, names = ((), options.inputs) if options.model else (options.inputs[:1], options.inputs[1:])
    if not options.inputs or not names:
        what = "an image" if options.model else "a run or bundle, and then images"
        raise ValueError(f"Expected {what}. For example: python -m imgcls.predict runs/my-run photos/")
    _check(options)
    from imgcls.workflow.sources import check_source, is_bundle

    if source:
        check_source(Path(source[0]))
    from imgcls.workflow.many_images.inputs import check_inputs

    check_inputs(names)
    command.import_tensorflow()
    from imgcls.cli.run_predict import predict
    from imgcls.serving.formats import split_name
    from imgcls.workflow.many_images.predict import ManyImages

    asked = ManyImages(
        options.model or source[0],
        names,
        options.top,
        Path(options.output) if options.output else None,
        f".{options.parts}" if _is_folder(options.output) else "",
        _share(options.shards),
        options.sorting.sort_into,
        options.sorting.link,
        _limits(options.addresses),
        split_name(options.engine)[1],
    )
    code = predict(asked, bool(source), options.engine)
    next_step(*_what_next(options, bool(source) and is_bundle(Path(source[0]))))
    return code


def _check(options: Options) -> None:
    """Raise ValueError or OSError if a flag cannot be."""
    if options.top < 1:
        raise ValueError(f"--top is {options.top}; expected at least 1.")
    if options.sorting.link and options.sorting.sort_into is None:
        raise ValueError("--link says how --sort-into fills its folder; name one with --sort-into FOLDER.")
    for flag, value in (("--fetch-at-once", options.addresses.fetch_at_once),
                        ("--fetch-seconds", options.addresses.fetch_seconds),
                        ("--fetch-megabytes", options.addresses.fetch_megabytes)):  # fmt: skip
        if value <= 0:
            raise ValueError(f"{flag} is {value}; expected more than 0.")
    _share(options.shards)
    if options.output:
        output = Path(options.output)
        if _is_folder(options.output) and output.suffix and not output.is_dir() and not options.output.endswith("/"):
            raise ValueError(
                f"--output is {output}; expected a file that ends in {', '.join(OUTPUT_FORMATS)}, or a folder, such as "
                f"{output.stem}/"
            )
        check_writable(output, folder=_is_folder(options.output))
    if options.sorting.sort_into:
        check_writable(options.sorting.sort_into, folder=True)


def _is_folder(output: str) -> bool:
    return output.endswith("/") or Path(output).suffix not in OUTPUT_FORMATS


def _share(shards: str) -> "Share":
    from imgcls.workflow.many_images.share import Share

    return Share.parse(shards)


def _limits(addresses: AddressOptions) -> "Limits":
    from imgcls.labels.fetching import Limits

    largest = int(addresses.fetch_megabytes * 1_000_000)
    return Limits(largest, addresses.fetch_seconds, addresses.fetch_at_once, addresses.allow_private_addresses)


def _what_next(options: Options, is_bundle: bool) -> list[str]:
    """What to type next: keep the table, and then the next command on the road."""
    source, *images = options.inputs
    named = options.inputs if len(images) <= MOST_REPEATED else (source, "YOUR_IMAGES")
    with_model = ("--model", options.model) if options.model else ()
    keep = [] if options.output else [command_line("predict", *named, *with_model, "--output", "predictions.csv")]
    if options.model:
        return [*keep, f"{command_line('train', '--data', 'YOUR_FOLDER', *with_model)}   # your own classes"]
    return [*keep, command_line("serve" if is_bundle else "export", source)]


if __name__ == "__main__":
    command.run(main, Options, __doc__)
