"""What is known of an exported model without loading it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

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
        older: Whether the run was trained again since.
    """

    version: Path
    classes: int
    difference: float
    allowed: float
    pictures: int
    server: str
    operations: int
    size: int
    older: bool


def facts_of(version: Path, run: Path) -> Facts:
    """Read what an exported model says of itself.

    Raises:
        ValueError: It says nothing, or half of it.
    """
    try:
        details = json.loads((version / DETAILS).read_text("utf-8"))
        parity, server = details["parity"], details["for_serving"]
        return Facts(
            version,
            len(details["class_names"]),
            float(parity["largest_difference"]),
            float(parity["allowed"]),
            int(parity["images"]),
            str(server["version"]),
            int(server["operations"]),
            sum(file.stat().st_size for file in version.rglob("*") if file.is_file()),
            _is_older(version / DETAILS, run / "model.keras"),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The exported model {version.parent.name} is damaged. Export the run again.") from error


def bundle_name(run: str) -> str:
    """A name for the exported model of a run, which can stand in an address."""
    return re.sub(r"[^\w.-]+", "-", run).lstrip("-.") or "model"


def _is_older(file: Path, model: Path) -> bool:
    return model.is_file() and model.stat().st_mtime > file.stat().st_mtime
