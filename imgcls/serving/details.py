"""What a version of a bundle says of itself: assets/imgcls.json, and the class names beside it as plain text."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tensorflow as tf

import imgcls
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.files import write_json
from imgcls.serving.export_format import Explain, ExportedClassifier

DETAILS = Path("assets") / "imgcls.json"
CLASS_NAMES = Path("assets") / "class_names.txt"


def write_class_names(version: Path, classifier: ExportedClassifier) -> None:
    """Write assets/class_names.txt: a name a line, in the order of the model's outputs."""
    (version / CLASS_NAMES).parent.mkdir(exist_ok=True)
    (version / CLASS_NAMES).write_text("".join(f"{name}\n" for name in classifier.class_names), "utf-8")


def write_details(version: Path, classifier: ExportedClassifier, facts: Mapping[str, object]) -> None:
    """Write assets/imgcls.json.

    Args:
        version: The folder of the version, with assets/ in it.
        classifier: What was exported.
        facts: What is known once it was written: "signatures" and "parity" of the SavedModel, and "formats", which
            holds for each further format its title, its parity, and what its `write` returned.
    """
    details = {
        "imgcls": imgcls.__version__,
        "tensorflow": tf.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "architecture": classifier.architecture,
        "class_names": list(classifier.class_names),
        "multi_label": classifier.multi_label,
        "preprocessing": classifier.preprocessing.to_dict(),
        **({"judgement": dict(classifier.judgement_facts)} if classifier.judgement else {}),
        **({"explanation": _explanation(classifier.explain)} if classifier.explain else {}),
        **facts,
        "licence_of_data": classifier.licence,
        "config": classifier.config,
    }
    write_json(version / DETAILS, details)


def _explanation(explain: Explain) -> dict[str, str]:
    return {"method": explain.title, "layer": explain.layer}


def read_details(version: Path) -> dict[str, Any]:
    """Read assets/imgcls.json of a version.

    Raises:
        ValueError: If there is none, or half of one.
    """
    try:
        details: dict[str, Any] = json.loads((version / DETAILS).read_text("utf-8"))
        Preprocessing(**details["preprocessing"]), list(details["class_names"])
    except FileNotFoundError as error:
        raise ValueError(
            f"{version} is a SavedModel without {DETAILS}, so it is no whole version that `python -m imgcls.export` "
            "wrote; the bfloat16 inside of one is none either. Name the version itself, or export the run again."
        ) from error
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"{version / DETAILS} cannot be read ({error}). Export the run again.") from error
    return details


def held_formats(details: Mapping[str, Any]) -> list[str]:
    """The names of the formats that a version holds, the SavedModel first.

    Args:
        details: As `read_details` gives them.
    """
    return ["saved_model", *details.get("formats", {})]
