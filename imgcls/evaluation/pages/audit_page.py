"""The page of an audit: the offending images side by side, one HTML file with everything inside."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imgcls.counted import counted
from imgcls.data.audit import KINDS, SEVERITIES, Finding
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.pages.page import write_page
from imgcls.evaluation.pages.thumbnails import thumbnail

MOST_FINDINGS = 40  # of one kind that are shown
MOST_IMAGES = 12  # of one finding


def write_audit_page(path: Path, source: str, manifest: Manifest, findings: Sequence[Finding]) -> None:
    """Write the page of an audit. The findings of one kind stand together, the gravest kinds first.

    Args:
        path: The HTML file.
        source: What was audited, as the user named it.
        manifest: The images.
        findings: What `audit` returned; `MOST_FINDINGS` of a kind are shown.

    Raises:
        OSError: The file cannot be written.
    """
    by_kind = defaultdict(list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    sections = [
        {
            "kind": kind,
            **KINDS[kind]._asdict(),
            "count": len(by_kind[kind]),
            "findings": [_shown(finding, manifest) for finding in by_kind[kind][:MOST_FINDINGS]],
        }
        for kind in sorted(by_kind, key=lambda kind: (SEVERITIES.index(KINDS[kind].severity), list(KINDS).index(kind)))
    ]
    values = {
        "source": source,
        "counted": counted,
        "images": manifest.table["image"].nunique(),
        "classes": len(manifest.class_names),
        "counts": {severity: sum(f.severity == severity for f in findings) for severity in SEVERITIES},
        "sections": sections,
    }
    write_page(path, "pages/audit.html", values)


def _shown(finding: Finding, manifest: Manifest) -> dict[str, Any]:
    """A finding with its images, each with file, label and split; files that cannot be drawn stand in the text."""
    rows = manifest.table.loc[list(finding.rows)].drop_duplicates("image") if finding.images else manifest.table[:0]
    if len(rows) and (rows["problems"] != "").all():
        return {"why": f"{', '.join(map(str, rows['image']))}: {finding.why}", "images": [], "more": 0}
    first = rows.head(MOST_IMAGES)
    images = [
        {"image": thumbnail(path), "file": row.image, "label": ", ".join(row.labels), "split": row.split}
        for path, row in zip(manifest.paths(first), first.itertuples(), strict=True)
    ]
    return {"why": finding.why, "images": images, "more": len(rows) - len(first)}
