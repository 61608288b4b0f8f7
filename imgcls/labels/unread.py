"""Annotation files that no format reads: the tool that wrote them, and how to convert them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imgcls.labels.documents import TRIED, files_of, name_in, peek

SUFFIXES = (".xml", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".yaml", ".yml", ".manifest", ".mat")
PROSE = re.compile(r"(readme|licen[cs]e|requirements|citation|notice|changelog|attributions?)\b.*", re.IGNORECASE)
TABLE = "a CSV table with the columns image and label (and x_min, y_min, x_max, y_max for boxes)"
CONVERT = f"Convert it to COCO, or write {TABLE}."


@dataclass(frozen=True)
class Tool:
    """A tool whose files are known and not read.

    Attributes:
        name: Of the tool.
        suffixes: Endings of its files.
        marks: Texts that all stand in such a file.
        begin: Regular expression for the beginning of the text.
        way_out: What to do instead, in a sentence.
    """

    name: str
    suffixes: tuple[str, ...]
    marks: tuple[str, ...] = ()
    begin: str = ""
    way_out: str = CONVERT


TOOLS = (
    Tool(
        "the VGG Image Annotator", (".json",), ('"regions"', '"shape_attributes"'),
        way_out="Export as COCO there: Annotation > Export Annotations (COCO format).",
    ),
    Tool(
        "the VGG Image Annotator", (".csv",), ("region_shape_attributes",),
        way_out="Export as COCO there: Annotation > Export Annotations (COCO format).",
    ),
    Tool(
        "V7 Darwin", (".json",), ("darwin", '"schema_ref"'),
        way_out="Convert it with `darwin convert coco`, of the package darwin-py.",
    ),
    Tool(
        "V7 Darwin", (".json",), ('"workview_url"', '"annotations"'),
        way_out="Convert it with `darwin convert coco`, of the package darwin-py.",
    ),
    Tool("Labelbox", (".ndjson", ".json", ".jsonl"), ('"data_row"', '"projects"')),
    Tool("Labelbox", (".json",), ('"Labeled Data"', '"Label"')),
    Tool("Scale AI", (".json", ".jsonl"), ('"task_id"', '"response"', '"annotations"')),
    Tool(
        "SuperAnnotate", (".json",), ('"instances"', '"className"'),
        way_out="Convert it to COCO with the package superannotate, and read that.",
    ),
    Tool("BDD100K or Scalabel", (".json",), ('"labels"', '"box2d"')),
    Tool("Cityscapes", (".json",), ('"imgHeight"', '"objects"', '"polygon"')),
    Tool("Kili", (".json",), ('"jsonResponse"',), way_out="Export as COCO, Pascal VOC or YOLO there."),
    Tool(
        "FiftyOne", (".json",), ('"samples"', '"filepath"', '"_cls"'),
        way_out="Export it there as fiftyone.types.COCODetectionDataset or ImageClassificationDirectoryTree.",
    ),
    Tool("SageMaker Ground Truth", (".manifest", ".jsonl"), ('"source-ref"',)),
    Tool("ICDAR's text detection", (".txt",), begin=r"\s*-?\d+(,\s*-?\d+){7},", way_out=f"Write {TABLE}."),
    Tool("DOTA", (".txt",), begin=r"(imagesource:.*\s+)?(gsd:.*\s+)?(-?\d+(\.\d+)?\s+){8}[A-Za-z][\w-]*\s+[012]\s"),
    Tool("MATLAB", (".mat",), way_out=f"Write {TABLE}."),
)  # fmt: skip


def loose_files(source: Path) -> Iterator[Path]:
    """The files of a folder that may hold annotations, by their names."""
    return (path for path in files_of(source, *SUFFIXES) if not PROSE.fullmatch(path.name))


def tool_of(path: Path) -> Tool | None:
    """The tool that wrote a file, if it is one whose files are not read."""
    fitting = [tool for tool in TOOLS if path.name.lower().endswith(tool.suffixes)]
    text = peek(path) if any(tool.marks or tool.begin for tool in fitting) else ""
    return next((tool for tool in fitting if _wrote(tool, text)), None)


def _wrote(tool: Tool, text: str) -> bool:
    return all(mark in text for mark in tool.marks) and (not tool.begin or re.match(tool.begin, text) is not None)


def unread_sentence(source: Path) -> str:
    """Which tool's files a source has that are not read, and the way out; empty if there are none."""
    for tried, path in enumerate(loose_files(source)):
        tool = tool_of(path)
        if tool:
            return f"{name_in(path, source)} is of {tool.name}, whose files are not read. {tool.way_out}"
        if tried == 5 * TRIED:
            break
    return ""
