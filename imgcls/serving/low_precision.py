"""Formats in bfloat16 and int8: written beside float32, measured against it, refused where they lose too much.

A difference of probabilities says little about a network of 8 bits, so what is asked of it is that it names as many
test images rightly. How many it decides otherwise, rightly or not, is measured beside that.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from imgcls.serving.accuracy_loss import AccuracyLoss, LabelledImages, compare_accuracy
from imgcls.serving.export_format import FLOAT32, PRECISIONS, ExportedClassifier, ExportFormat
from imgcls.serving.formats import (
    SAVED_MODEL,
    find_format,
    format_folder,
    full_name,
    list_formats,
    precisions_of,
    split_name,
)
from imgcls.serving.speed import images_per_second


@dataclass(frozen=True)
class LowPrecision:
    """What is asked of the formats besides float32.

    Attributes:
        precisions: "bfloat16", "int8", or both.
        images: The images of the test split, on which they are measured.
        most_accuracy_loss: How much smaller the share of test images that is named rightly may be than float32's.
    """

    precisions: Sequence[str]
    images: LabelledImages
    most_accuracy_loss: float = 0.01


class Plan(NamedTuple):
    """Which formats are written.

    Attributes:
        float32: The names of formats in float32, without the SavedModel.
        low: The names of formats in bfloat16 and int8, each by the name of its float32.
    """

    float32: list[str]
    low: dict[str, list[str]]

    def check(self) -> None:
        """Raise ValueError if a format that is not there is planned, or one that needs a package that is not there."""
        for name in (*self.float32, *chain(*self.low.values())):
            find_format(name)


def plan_formats(formats: Sequence[str], precisions: Sequence[str] = ()) -> Plan:
    """Settle which formats are written.

    Args:
        formats: Names of formats, such as "onnx" or "openvino-int8".
        precisions: For each of these formats that has them; for the SavedModel where none is named.

    Raises:
        ValueError: If a format or precision is unknown, or no format that is named has it.

    Example:
        >>> plan_formats(["openvino", "onnx"], ["bfloat16"])
        Plan(float32=['openvino', 'onnx'], low={'openvino': ['openvino-bfloat16']})
    """
    asked: dict[str, list[str]] = {}
    for name, precision in map(split_name, formats):
        asked.setdefault(name, []).append(precision)
    for precision in precisions:
        for name in _having(precision, list(asked) or [SAVED_MODEL]):
            asked.setdefault(name, []).append(precision)
    low = {
        name: [full_name(name, each) for each in dict.fromkeys(given) if each != FLOAT32]
        for name, given in asked.items()
    }
    return Plan([name for name in asked if name != SAVED_MODEL], {name: names for name, names in low.items() if names})


def _having(precision: str, formats: Sequence[str]) -> list[str]:
    """Those of the formats that have a precision. Raises ValueError if none has."""
    _check_precision(precision)
    having = [name for name in formats if precision in (FLOAT32, *precisions_of(name))]
    if not having:
        others = [name for name in list_formats() if precision in precisions_of(name)]
        raise ValueError(
            f"{' and '.join(formats)} cannot be written in {precision}; {', '.join(others)} can. Name one with "
            "--format."
        )
    return having


def _check_precision(precision: str) -> None:
    if precision not in PRECISIONS:
        close = difflib.get_close_matches(precision, PRECISIONS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"Unknown precision {precision!r}.{hint} There are: {', '.join(PRECISIONS)}.")


def write_low_precision(
    version: Path, low: Mapping[str, Sequence[str]], classifier: ExportedClassifier, asked: LowPrecision
) -> dict[str, dict[str, object]]:
    """Write formats in bfloat16 and int8, and measure them against their float32, which is there.

    Args:
        version: The folder of the version.
        low: As `Plan` has it.
        classifier: What is exported.
        asked: What is asked of them.

    Returns:
        For each its part of assets/imgcls.json: title, precision, accuracy, images_per_second, megabytes, and what its
        `write` returned.

    Raises:
        RuntimeError: If one loses more accuracy than is allowed.
    """
    found: dict[str, dict[str, object]] = {}
    for name, others in low.items():
        forms = [find_format(each) for each in others]
        facts = {form.name: _written(version, form, classifier) for form in forms}
        measured = _measured(version, find_format(name), forms, classifier, asked)
        found |= {each: {**facts[each], **measured[each]} for each in facts}
    return found


def _written(version: Path, form: ExportFormat, classifier: ExportedClassifier) -> dict[str, object]:
    folder = format_folder(version, form.name)
    folder.mkdir()
    return {"title": form.title, "precision": split_name(form.name)[1], **form.write(folder, classifier)}


def _measured(
    version: Path,
    base: ExportFormat,
    forms: Sequence[ExportFormat],
    classifier: ExportedClassifier,
    asked: LowPrecision,
) -> dict[str, dict[str, object]]:
    """Accuracy, speed and size of some precisions of one format, beside those of float32."""
    sizes = {form.name: _megabytes(format_folder(version, form.name)) for form in forms}
    sizes[base.name] = _megabytes(format_folder(version, base.name), list(sizes))
    float32 = base.load(format_folder(version, base.name))
    engines = {form.name: form.load(format_folder(version, form.name)) for form in forms}
    losses, pixels = compare_accuracy(float32, engines, asked.images, classifier)
    for form in forms:
        losses[form.name].check(form.title, asked.most_accuracy_loss)
    speeds = images_per_second({base.name: float32, **engines}, pixels)
    return {
        form.name: {
            "accuracy": {**_of_accuracy(losses[form.name], form), "allowed": asked.most_accuracy_loss},
            "images_per_second": {size: _beside(rates, base, form) for size, rates in speeds.items()},
            "megabytes": _beside(sizes, base, form),
        }
        for form in forms
    }


def _of_accuracy(loss: AccuracyLoss, form: ExportFormat) -> dict[str, object]:
    shares = {FLOAT32: loss.float32, split_name(form.name)[1]: loss.share}
    return {
        "test_images": loss.images,
        **shares,
        "loss": loss.loss,
        "interval": list(loss.interval),
        "other_decisions": loss.other_decisions,
    }


def _beside(figures: Mapping[str, float], base: ExportFormat, form: ExportFormat) -> dict[str, float]:
    return {FLOAT32: figures[base.name], split_name(form.name)[1]: figures[form.name]}


def _megabytes(folder: Path, without: Sequence[str] = ()) -> float:
    """The size of what a format wrote; the SavedModel's folder holds the others."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] not in without)
    return round(sum(path.stat().st_size for path in files) / 1e6, 3)
