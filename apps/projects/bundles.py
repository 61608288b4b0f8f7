"""What is known of an exported model without loading it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

DETAILS = Path("assets") / "imgcls.json"  # as `imgcls.serving.details` writes it


@dataclass(frozen=True)
class Facts:
    """What an exported model says of itself.

    Attributes:
        version: Its folder.
        classes: How many it knows.
        difference: The largest difference of a probability from the run's model, on test images.
        allowed: The largest that is allowed.
        pictures: How many test images were compared.
        server: The release of TensorFlow Serving that knows all of its operations.
        operations: How many these are.
        size: Bytes of all its files.
        threshold: The least probability of a class that it answers with, in [0, 1].
        older: What was done with the run since, so that it would be exported otherwise now; empty if nothing was.
    """

    version: Path
    classes: int
    difference: float
    allowed: float
    pictures: int
    server: str
    operations: int
    size: int
    threshold: float
    older: str


def facts_of(version: Path, run: Path, threshold: float | None) -> Facts:
    """Read what an exported model says of itself.

    Args:
        version: The folder of the exported model.
        run: That of the run that it comes from.
        threshold: Chosen for the run; None if nobody has chosen one.

    Raises:
        ValueError: It says nothing, or half of it.
    """
    try:
        details = json.loads((version / DETAILS).read_text("utf-8"))
        parity, server = details["parity"], details["for_serving"]
        fitted = details.get("judgement", {}).get("thresholds", {})
        least = min(fitted.get("values", [0.0]))
        return Facts(
            version,
            len(details["class_names"]),
            float(parity["largest_difference"]),
            float(parity["allowed"]),
            int(parity["images"]),
            str(server["version"]),
            int(server["operations"]),
            sum(file.stat().st_size for file in version.rglob("*") if file.is_file()),
            least,
            _trained_since(version / DETAILS, run / "model.keras") or _chosen_since(fitted, least, threshold),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The exported model {version.parent.name} is damaged. Export the run again.") from error


def bundle_name(run: str) -> str:
    """A name for the exported model of a run, which can stand in an address."""
    return re.sub(r"[^\w.-]+", "-", run).lstrip("-.") or "model"


def _trained_since(file: Path, model: Path) -> str:
    is_newer = model.is_file() and model.stat().st_mtime > file.stat().st_mtime
    return "the run was trained again" if is_newer else ""


def _chosen_since(fitted: Mapping[str, Any], least: float, threshold: float | None) -> str:
    """An export raises what was fitted to the chosen threshold where that is higher, and then wishes for nothing."""
    if threshold is None or not fitted:
        return ""
    chosen, was_raised = np.float32(threshold), fitted.get("wish") == "none"
    is_other = chosen > np.float32(least) or (was_raised and chosen < np.float32(least))
    return "another threshold was set on Results" if is_other else ""
