"""What a user names to predict, as images one after the other. No list of them is ever whole in memory."""

import glob
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath

from imgcls.data.prepared.load import is_prepared
from imgcls.data.sources.cards import list_cards
from imgcls.data.sources.load import load_manifest
from imgcls.image_files import shown_name
from imgcls.labels.fetching import Limits
from imgcls.serving.named_image import NamedImage
from imgcls.serving.read_ahead import in_chunks
from imgcls.workflow.many_images.addresses import fetched
from imgcls.workflow.many_images.archives import images_in, is_archive
from imgcls.workflow.many_images.folders import files_below, files_of, is_empty
from imgcls.workflow.many_images.named_files import archive_of
from imgcls.workflow.many_images.tables import ADDRESS, check_table, count_rows, is_table, names_in

MEMBERS = 100_000  # of an archive that are named one by one; for more of them it is read several times
NOT_IN_ARCHIVE = "its archive holds no image of this name"
Wanted = Callable[[str], bool]


def check_inputs(names: Sequence[str]) -> None:
    """Check what a user names, before anything heavy is loaded.

    Raises:
        ValueError: A folder holds no files, or a table no column of images.
    """
    for name in names:
        path = Path(name)
        if path.is_dir() and is_empty(files_below(path)):
            raise ValueError(f"The folder {path} holds no files. Name a folder with images in it.")
        if path.is_file() and is_table(path):
            check_table(path)


def images_of(names: Sequence[str], wanted: Wanted, limits: Limits | None = None) -> Iterator[NamedImage]:
    """The images that the names stand for, in their order.

    Args:
        names: Files, folders with all files in them, globs, archives, tables, addresses, prepared folders and data set
            cards. Folders and tables may hold archives, globs stand for them, and a path may lead into one, as
            a.tar/b.png does. A name that matches nothing is an image with a problem.
        wanted: Gets the name of each image before it is read, and says whether it is to be read.
        limits: What fetching an address may take.

    Yields:
        The images that are wanted; those of files are read later.
    """
    limits = limits or Limits()
    for name in names:
        for part in _parts(name):
            if isinstance(part, Path):
                yield from _files([part], wanted)
            else:
                yield from _listed(part, wanted, limits)


def count_images(names: Sequence[str]) -> int | None:
    """About how many images the names stand for; None if it is not known before all is read, as of a tar."""
    total = 0
    for name in names:
        path = Path(name)
        if path.is_file() and is_table(path):
            total += count_rows(path)
        elif path.is_file() and is_archive(path):
            return None
        else:
            for part in _parts(name):
                if isinstance(part, Path) and is_archive(part) and part.is_file():
                    return None
                total += 1 if isinstance(part, Path) else sum(1 for _ in part)
    return total


def _parts(name: str) -> Iterator[Path | Iterable[str]]:
    """What a name stands for: files and archives, or a list of names."""
    path = Path(name)
    if ADDRESS.match(name):
        yield [name]
    elif is_prepared(path) or (not path.exists() and name in list_cards()):
        manifest = load_manifest(name)
        yield (str(manifest.root / image) for image in manifest.usable["image"])
    elif path.is_dir():
        yield from files_below(path)
    elif path.is_file() and is_table(path):
        yield names_in(path)
    elif path.exists() or not glob.has_magic(name):
        yield path
    else:
        found = files_of(name)
        first = next(found, None)
        yield path if first is None else first
        yield from found


def _listed(names: Iterable[str], wanted: Wanted, limits: Limits) -> Iterator[NamedImage]:
    """Files and addresses in their order; those of a kind that follow each other go together."""
    remaining = iter(names)
    following = next(remaining, None)

    def run(of_addresses: bool) -> Iterator[str]:
        nonlocal following
        while following is not None and bool(ADDRESS.match(following)) == of_addresses:
            yield following
            following = next(remaining, None)

    while following is not None:
        if ADDRESS.match(following):
            yield from fetched((name for name in run(True) if wanted(name)), limits)
        else:
            yield from _files(map(Path, run(False)), wanted)


def _files(paths: Iterable[Path], wanted: Wanted) -> Iterator[NamedImage]:
    """Files, the images of archives, and single ones of them, which come in the order of their archive."""
    for archive, group in groupby(paths, archive_of):
        if archive is None:
            for path in group:
                yield from _file(path, wanted)
        else:
            for chunk in in_chunks(group, MEMBERS):
                yield from _members(archive, chunk, wanted)


def _file(path: Path, wanted: Wanted) -> Iterator[NamedImage]:
    if is_archive(path) and path.is_file():
        yield from images_in(path, wanted)
    elif wanted(name := shown_name(path)):
        yield NamedImage(name, path)


def _members(archive: Path, paths: Iterable[Path], wanted: Wanted) -> Iterator[NamedImage]:
    """Images of an archive by their paths; those that it does not hold have a problem."""
    whole, why = shown_name(archive), NOT_IN_ARCHIVE
    missing = dict.fromkeys(map(shown_name, paths))

    def is_named(name: str) -> bool:
        plain = str(PurePosixPath(name))  # without the "./" of a.tar/./b.png, which paths do not have
        if is_there := plain in missing:
            del missing[plain]
        return name == whole or (is_there and wanted(name))

    for image in images_in(archive, is_named):
        if image.name == whole:
            why = image.problem
        else:
            yield image
    yield from (NamedImage(name, None, why) for name in missing if wanted(name))
