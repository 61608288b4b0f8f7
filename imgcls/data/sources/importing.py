"""From the files of a labelling tool to a manifest, with everything that the user asks for on the way."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from imgcls.config import FetchConfig, LabelsConfig
from imgcls.counted import counted
from imgcls.data.cache import cache_folder
from imgcls.data.manifest.from_records import restore_columns, with_flags
from imgcls.data.manifest.groups import groups_of, is_pattern
from imgcls.data.manifest.image_names import ImageNames
from imgcls.data.manifest.overlay import read_two_columns
from imgcls.data.manifest.table import Manifest, is_manifest
from imgcls.data.prepared.load import is_prepared, load_prepared
from imgcls.data.sources.reasons import CLASSES_ELSEWHERE, advice_for, commonest
from imgcls.image_files import shown_name
from imgcls.labels import FORMATS, detect_format, read_labels, tfds
from imgcls.labels.boxes import to_examples
from imgcls.labels.consensus import Consensus, agree
from imgcls.labels.formats import tfrecord
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import BOX, LEFT_OUT, PROBLEM_COLUMNS, Problems, Records
from imgcls.labels.renaming import check_old_names, read_new_names, rename_classes
from imgcls.progress import ProgressFunction, no_progress

MISNAMED = "a path that is not UTF-8, which no table of images can hold. Rename what is not."


@dataclass(frozen=True)
class Imported:
    """The result of an import.

    Attributes:
        manifest: All examples; no image has been opened yet.
        problems: What was wrong in the files, with the columns file, line, reason and effect ("left out", "changed",
            "noted").
        consensus: Of several annotators; None if there was none to find.
        records: The annotations before their boxes became examples, for drawing them; None if the source is a manifest.
    """

    manifest: Manifest
    problems: pd.DataFrame
    consensus: Consensus | None = None
    records: Records | None = None


def import_manifest(
    source: str | Path,
    labels: LabelsConfig,
    fetching: FetchConfig | None = None,
    on_fetched: ProgressFunction = no_progress,
) -> Imported:
    """Import the annotations of any labelling tool, or another manifest.

    Args:
        source: An annotation file, the folder of a data set, a manifest, or `tfds:` and a name.
        labels: How the annotations become examples.
        fetching: How images are fetched from their addresses; None, or no folder in it, fetches none.
        on_fetched: Gets the number of images fetched so far, and of all.

    Returns:
        The manifest, and what was wrong in the files.

    Raises:
        FileNotFoundError: There is nothing to read.
        ValueError: Nothing can be read from the source, or an option does not fit it; in one sentence.
    """
    fetching = fetching or FetchConfig()
    for folder in (Path(source).resolve(), Path(labels.images or ".").resolve()):
        if shown_name(folder) != str(folder):
            raise ValueError(f"{shown_name(folder)} is {MISNAMED}")
    if (is_manifest(source) or is_prepared(Path(source))) and not fetching.fetch_to:
        imported = _of_manifest(Path(source), labels)
    else:
        imported = _of_annotations(_records(str(source), labels, fetching, on_fetched), str(source), labels)
    if imported.manifest.table.empty:
        raise ValueError(f"{source} gives no labelled image. {_advice(imported.problems)}")
    if labels.overlay:
        manifest, unfit = imported.manifest.with_overlay(labels.overlay)
        imported = replace(imported, manifest=manifest, problems=_joined(imported.problems, unfit))
    return imported


def needs_tensorflow(source: str) -> bool:
    """Whether TensorFlow is needed to read a source. A command then imports it first and hides its log lines."""
    return source.startswith(tfds.PREFIX) or tfrecord.detect(Path(source))


def _of_annotations(records: Records, source: str, labels: LabelsConfig) -> Imported:
    if labels.rename:
        records = rename_classes(records, labels.rename)
    rows, problems = records.boxes_or_images, Problems()
    groups = groups_of(rows, labels.group, problems) if labels.group and len(rows) else {}
    consensus = _consensus(records, labels, problems)
    records = consensus.records if consensus else records
    examples = to_examples(records, labels.boxes, labels.box_margin, labels.min_box_side, labels.negatives)
    how: dict[str, Any] = {"source": source, "boxes": labels.boxes}
    if labels.boxes == "crop":
        how |= {"box_margin": labels.box_margin, "min_box_side": labels.min_box_side}
    manifest = Manifest.from_records(restore_columns(with_flags(examples.boxes_or_images)), records.root, **how)
    if groups:
        manifest.table["group"] = [groups.get(image, "") for image in manifest.table["image"]]
    if consensus:
        manifest.table["agreement"] = manifest.table["image"].map(consensus.images["agreement"]).astype(float)
    return Imported(manifest, _joined(examples.problems, problems.table()), consensus, records)


def _records(source: str, labels: LabelsConfig, fetching: FetchConfig, on_fetched: ProgressFunction) -> Records:
    """Read the source; images are fetched or unpacked where they are not files here yet."""
    keep = (labels.group,) if labels.group and not is_pattern(labels.group) else ()
    if fetching.fetch_to:
        from imgcls.labels.fetching import Limits, read_addresses

        limits = Limits(
            int(1e6 * fetching.fetch_megabytes),
            fetching.fetch_seconds,
            fetching.fetch_at_once,
            private=fetching.allow_private_addresses,
        )
        return read_addresses(Path(source), Path(fetching.fetch_to), limits, keep, on_fetched)
    if source.startswith("tfds:"):
        return tfds.read(source, Path(labels.unpack_to or cache_folder("tfds", source.removeprefix(tfds.PREFIX))))
    path = Path(source)
    format = labels.format or (detect_format(path) if path.exists() else None)
    options = {"keep": keep} if keep and format in FORMATS and "keep" in FORMATS[format].options else {}
    return read_labels(path, format, _images(path, format, labels), **options)


def _images(source: Path, format: str | None, labels: LabelsConfig) -> ImageIndex | None:
    if labels.images and not Path(labels.images).is_dir():
        raise FileNotFoundError(f"--images: there is no folder {labels.images}. Expected the one with the images.")
    unpack_to = labels.unpack_to
    if format in FORMATS and FORMATS[format].packed and not unpack_to:
        changed = max(path.lstat().st_mtime_ns for path in (source, *source.rglob("*")))
        unpack_to = str(cache_folder("unpacked", f"{source.resolve()}@{changed}"))
    if not labels.images and not unpack_to:
        return None
    root = Path(labels.images) if labels.images else ImageIndex.of(source).root
    return ImageIndex(root, extract=unpack_to)


def _consensus(records: Records, labels: LabelsConfig, problems: Problems) -> Consensus | None:
    several = _images_with_several_answers(records)
    method = labels.consensus
    if method == "auto" and several:
        method = "majority"
        what = counted(several, "image")
        problems.noted("", "", f"{what} with several answers: --consensus majority decides, and leaves out ties.")
    if method in ("auto", "none"):
        return None
    return agree(records, method, _golden(labels, records, problems))


def _images_with_several_answers(records: Records) -> int:
    """How many images several people answered; 0 if the labels are not such answers, each by somebody and no box."""
    rows = records.boxes_or_images
    answers = rows[rows["label"] != ""]
    if answers.empty or (answers["annotator"] == "").any() or answers[BOX].notna().any(axis=None):
        return 0
    return int((answers.groupby("image")["annotator"].nunique() > 1).sum())


def _golden(labels: LabelsConfig, records: Records, problems: Problems) -> dict[str, str]:
    if not labels.golden:
        return {}
    names = ImageNames(records.boxes_or_images["image"], records.root)
    new_names = read_new_names(labels.rename) if labels.rename else {}
    stated = read_two_columns(Path(labels.golden), problems)
    known = {}
    for line, image, label in zip(stated.index, stated["image"], stated["label"], strict=True):
        found = names.find(image)
        if found:
            known[found] = new_names.get(label, label)
        else:
            problems.left_out(Path(labels.golden).name, line, f"{names.unknown(image)}; the known answer is left out.")
    return known


def _of_manifest(path: Path, labels: LabelsConfig) -> Imported:
    plain = LabelsConfig(rename=labels.rename, group=labels.group, overlay=labels.overlay)
    if labels != plain:
        raise ValueError(
            f"{path} is a manifest already: only --rename, --group, --overlay and --convert-to change one. "
            "Import the annotations again for the others."
        )
    manifest, problems = load_prepared(path) if is_prepared(path) else Manifest.load(path), Problems()
    table = manifest.table
    if labels.group:
        groups = groups_of(table, labels.group, problems)
        table["group"] = [groups.get(image, old) for image, old in zip(table["image"], table["group"], strict=True)]
    if labels.rename:
        table = _renamed(table, read_new_names(labels.rename), problems)
    return Imported(Manifest(table, manifest.root), problems.table())


def _renamed(table: pd.DataFrame, new_names: dict[str, str], problems: Problems) -> pd.DataFrame:
    check_old_names(new_names, sorted({name for labels in table["labels"] for name in labels}))
    unlabelled = table["labels"].str.len() == 0
    table["labels"] = [sorted({new_names.get(name, name) for name in labels} - {""}) for labels in table["labels"]]
    table["label"] = [labels[0] if labels else "" for labels in table["labels"]]
    lost = (table["label"] == "") & ~unlabelled
    if lost.any():
        problems.left_out("", "", f"{counted(int(lost.sum()), 'example')} of classes that the table drops.")
    return table[~lost].reset_index(drop=True)


def _advice(problems: pd.DataFrame) -> str:
    """Why nothing was left, from the commonest reason."""
    lost = problems[problems["effect"] == LEFT_OUT]
    if lost.empty:
        return "Expected annotations with at least two classes."
    why = next(commonest(lost))
    left = f"{counted(len(lost), 'thing')} left out; the commonest reason: " if len(lost) > 1 else "Left out: "
    elsewhere = problems[problems["reason"].str.contains(CLASSES_ELSEWHERE)].head(1)
    remarks = [f"{row.file}: {row.reason}" for row in elsewhere.itertuples()]
    return " ".join(filter(None, (f"{left}{why}", advice_for(why), *remarks)))


def _joined(*tables: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table[PROBLEM_COLUMNS] for table in tables], ignore_index=True)
