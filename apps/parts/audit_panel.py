"""What the audit found, with the images side by side."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import streamlit as st

from imgcls.data.audit import KINDS, SEVERITIES, Finding
from imgcls.data.manifest.table import Manifest
from parts.gallery import rows_of_images

MOST_FINDINGS, MOST_IMAGES = 12, 8  # of a kind; of a finding
ICONS = {"error": ":material/error:", "warning": ":material/warning:", "note": ":material/info:"}


def show_audit(manifest: Manifest, findings: Sequence[Finding]) -> None:
    """A section that opens for each kind of finding, the gravest first."""
    st.subheader("The audit")
    if not findings:
        st.success("Nothing was found: no copies, no damaged files, no class too small.")
        return
    counts = Counter(finding.severity for finding in findings)
    st.write(", ".join(f"{counts[s]:,} {s}{'' if counts[s] == 1 else 's'}" for s in SEVERITIES if counts[s]) + ".")
    by_kind = defaultdict(list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    for kind, found in by_kind.items():
        severity, title, advice = KINDS[kind]
        with st.expander(f"{title} ({len(found):,})", icon=ICONS[severity], expanded=severity == "error"):
            st.caption(advice)
            rows_of_images([_row(finding, manifest) for finding in found[:MOST_FINDINGS]])
            if len(found) > MOST_FINDINGS:
                st.caption(f"and {len(found) - MOST_FINDINGS:,} more")


def _row(finding: Finding, manifest: Manifest) -> tuple:
    """What `rows_of_images` takes: why, the labels and splits, the images."""
    rows = manifest.table.loc[list(finding.rows)].drop_duplicates("image").head(MOST_IMAGES)
    where = "; ".join(
        dict.fromkeys(" ".join(filter(None, facts)) for facts in zip(rows["label"], rows["split"], strict=True))
    )
    images = [(path, None) for path in manifest.paths(rows) if path.is_file()] if finding.images else []
    return finding.why, where, images
