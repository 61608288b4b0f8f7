"""assets/drift.json of a version: what validation images looked like, which images of later are compared with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imgcls.files import write_json

DRIFT = Path("assets") / "drift.json"


def write_drift_reference(version: Path, reference: Mapping[str, Any]) -> None:
    """Write assets/drift.json.

    Args:
        version: The folder of the version.
        reference: As `imgcls.evaluation.drift_reference.DriftReference.to_dict` gives it.
    """
    write_json(version / DRIFT, reference)


def read_drift_reference(version: Path) -> dict[str, Any]:
    """Read assets/drift.json of a version.

    Raises:
        ValueError: If there is none, or half of one.
    """
    try:
        reference = json.loads((version / DRIFT).read_text("utf-8"))
    except FileNotFoundError as error:
        raise ValueError(
            f"The bundle {version} holds no reference of drift. Export the run again with `python -m imgcls.export`, "
            "while its validation images are there."
        ) from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{version / DRIFT} cannot be read ({error}). Export the run again.") from error
    if not isinstance(reference, dict):
        raise ValueError(f"{version / DRIFT} holds no reference of drift. Export the run again.")
    return reference
