"""What is wrong with a data set, found before the first epoch: one table of findings."""

import pandas as pd

from imgcls.data.audit.annotations import annotation_findings
from imgcls.data.audit.classes import class_findings
from imgcls.data.audit.copies import copy_findings
from imgcls.data.audit.examples import example_findings
from imgcls.data.audit.files import file_findings
from imgcls.data.audit.findings import KINDS, SEVERITIES, Finding
from imgcls.data.audit.quality import quality_findings
from imgcls.data.audit.sizes import size_findings
from imgcls.data.duplicates.near_duplicates import Copies, find_copies
from imgcls.data.manifest.table import Manifest

__all__ = ["KINDS", "SEVERITIES", "Finding", "find_problems", "findings_table"]


def find_problems(manifest: Manifest, copies: Copies | None = None, told: pd.DataFrame | None = None) -> list[Finding]:
    """The findings about an inspected manifest, the gravest first.

    copies: what `find_copies` gives, if it is known already.
    told: what was wrong in the annotation files, with the columns file, line, reason and effect.
    """
    copies = find_copies(manifest) if copies is None else copies
    findings = [
        *annotation_findings(told),
        *file_findings(manifest),
        *quality_findings(manifest),
        *size_findings(manifest),
        *copy_findings(manifest, copies),
        *example_findings(manifest),
        *class_findings(manifest),
    ]
    order = list(KINDS)
    return sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), order.index(finding.kind)))


def findings_table(findings: list[Finding]) -> pd.DataFrame:
    """One row a finding: kind, severity, images (with | between), why, advice."""
    rows = [
        (finding.kind, finding.severity, " | ".join(finding.images), finding.why, finding.advice)
        for finding in findings
    ]
    return pd.DataFrame(rows, columns=["kind", "severity", "images", "why", "advice"])
