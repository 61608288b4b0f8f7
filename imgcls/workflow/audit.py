"""What is wrong with labelled images, found before a network learns it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from imgcls.config import LabelsConfig
from imgcls.data.audit import SEVERITIES, Finding, find_problems
from imgcls.data.audit.cleaning import clean
from imgcls.data.duplicates.near_duplicates import Copies, find_copies
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.importing import import_manifest
from imgcls.data.sources.load import source_of
from imgcls.evaluation.pages.audit_page import write_audit_page
from imgcls.files import write_json
from imgcls.progress import Progress


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        source: As the user named it.
        manifest: The images, each opened.
        findings: The gravest first; each has a kind, a severity, images, why, and advice.
        copies: Which images are copies of each other.
    """

    source: str
    manifest: Manifest
    findings: Sequence[Finding]
    copies: Copies

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity: error, warning, note."""
        return {severity: sum(each.severity == severity for each in self.findings) for severity in SEVERITIES}

    def cleaned(self) -> tuple[Manifest, pd.DataFrame]:
        """The manifest without what should not be learned, and a table of what was left out or changed, and why."""
        return clean(self.manifest, self.copies.groups)

    def write(self, folder: str | Path) -> None:
        """Write audit.json, and audit.html with the images side by side."""
        folder = Path(folder)
        rows = [
            {"kind": f.kind, "severity": f.severity, "images": list(f.images), "why": f.why, "advice": f.advice}
            for f in self.findings
        ]
        images = self.manifest.table["image"].nunique()
        facts = {"source": self.source, "root": str(self.manifest.root), "images": images}
        write_json(folder / "audit.json", {**facts, "counts": self.counts, "findings": rows})
        write_audit_page(folder / "audit.html", self.source, self.manifest, list(self.findings))


def audit(
    source: str | Path,
    labels: LabelsConfig | None = None,
    progress: Progress | None = None,
    before_opening: Callable[[], None] = lambda: None,
) -> Audit:
    """Find what is wrong with labelled images, as `python -m imgcls.audit` does. No file is changed.

    Args:
        source: Manifest, folder, annotation file, card, or "tfds:NAME".
        labels: How annotations become examples; see `imgcls.config.LabelsConfig`.
        progress: Receives how many images are opened and compared.
        before_opening: Called once before the first image is opened, which needs TensorFlow.

    Returns:
        The findings, the images, and their copies.

    Raises:
        FileNotFoundError: If there is nothing at `source`.
        ValueError: If it is no annotation that is known.

    Example:
        ::

            from imgcls import audit

            found = audit("photos")
            print(found.counts)  # {'error': 2, 'warning': 5, 'note': 1}
            found.cleaned()[0].save("cleaned.parquet")
    """
    progress = progress or Progress()
    imported = import_manifest(*source_of(str(source), labels or LabelsConfig()))
    on_progress = progress.of("Reading every image", len(imported.manifest.table))
    manifest = inspect(imported.manifest, on_progress, again=True, before_opening=before_opening)
    progress.doing("Comparing the images", 0)
    copies = find_copies(manifest)
    return Audit(str(source), manifest, find_problems(manifest, copies, imported.problems), copies)
