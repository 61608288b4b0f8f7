"""Find labels that look wrong, and images without labels that are worth one.

Of a run: each image is judged by classifiers that have not seen it with its label. Writes into the run folder
review.html, on which you decide image by image with the keyboard, and corrections.csv, which --overlay of train reads.
No label is changed unless you change it. With --unlabeled, a folder of images without labels is sorted instead, by how
much the classifier doubts and how unlike each other they are, with a page and a file for Label Studio.

Examples:
  python -m imgcls.review runs/photos-1
  python -m imgcls.review runs/photos-1 --accept-above 0.95
  python -m imgcls.review runs/photos-1 --retrain --folds 3
  python -m imgcls.review runs/photos-1 --unlabeled new_photos --most 100
  python -m imgcls.review saved_models/photos-1 --unlabeled new_photos

Exit code: 3 if images could not be read; they are listed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from imgcls.cli import command
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ
from imgcls.run_folder import RunFolder

__doc__ = f"{__doc__}\n{WHAT_IS_READ}\n"


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    first_flags: ClassVar = ("unlabeled", "most", "folds", "retrain", "accept_above")
    source: Annotated[Path, tyro.conf.Positional]  # folder of a run; with --unlabeled also that of a bundle
    folds: int = 5  # parts of the images, each of which is judged by classifiers of the others
    most: int = 200  # images that are shown at the most
    retrain: bool = False  # train a run for each fold, in place of a head on features that have seen no label
    accept_above: float | None = None  # write suggestions of at least this probability into corrections.csv as labels
    unlabeled: Path | None = None  # folder of images without labels, to sort by what is worth labelling first
    image_url: str = "/data/local-files/?d="  # of --unlabeled: what Label Studio puts before the path of each image
    output: Path | None = None  # of --unlabeled: folder to write into; that of the run, or evaluations/ for a bundle


def main(options: Options) -> int:
    """Review the labels of a run, or sort images without labels."""
    if options.unlabeled is not None:
        return _sort_unlabeled(options, options.unlabeled)
    from imgcls.workflow.sources import is_bundle

    if is_bundle(options.source):
        raise ValueError(
            f"{options.source} is a bundle, which does not know the images that it was trained on. Name the run, or "
            "a folder of images with --unlabeled."
        )
    run = RunFolder(options.source)
    check_writable(run.path, folder=True)
    command.import_tensorflow()
    from imgcls.cli.run_review import review_labels

    return review_labels(run, options.folds, options.most, options.retrain, options.accept_above)


def _sort_unlabeled(options: Options, folder: Path) -> int:
    if not folder.is_dir():
        raise FileNotFoundError(f"--unlabeled is {folder}, and there is no such folder. Name a folder of images.")
    if options.retrain or options.accept_above is not None:
        raise ValueError("--retrain and --accept-above are for the labels of a run; leave them out with --unlabeled.")
    if options.most < 1:
        raise ValueError(f"--most is {options.most}; expected at least 1.")
    from imgcls.workflow.sources import check_source

    check_source(options.source)
    command.import_tensorflow()
    from imgcls.cli.run_review import sort_unlabeled

    return sort_unlabeled(options.source, folder, options.most, options.image_url, options.output)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
