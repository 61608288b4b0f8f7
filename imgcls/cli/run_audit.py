"""What `python -m imgcls.audit` does once its flags are read."""

from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import next_step, progress_line, say, table
from imgcls.command_line import command_line
from imgcls.config import LabelsConfig
from imgcls.counted import counted
from imgcls.data.audit import KINDS
from imgcls.data.sources.importing import needs_tensorflow
from imgcls.files import replacing
from imgcls.workflow.audit import Audit, audit

MOST_SHOWN = 30  # findings in the terminal; all of them are in audit.json
STRICT = 1  # exit code


def audit_and_show(source: str, labels: LabelsConfig, folder: Path, fix: Path | None, strict: bool) -> int:
    """Audit the images, write audit.json and audit.html, and the cleaned manifest if one is wanted."""
    if needs_tensorflow(source):
        command.import_tensorflow()
    with progress_line() as progress:
        found = audit(source, labels, progress, before_opening=command.import_tensorflow)
    found.write(folder)
    show_findings(found)
    say(f"\nThe images side by side: {folder / 'audit.html'}\nAll findings: {folder / 'audit.json'}")
    if fix:
        write_cleaned(found, fix)
    next_step(_what_next(source, fix, found))
    if found.counts["error"]:
        return STRICT if strict else command.WITH_PROBLEMS
    return command.OK


def show_findings(audit: Audit) -> None:
    """Print the findings, the gravest first, and how many there are of each kind."""
    manifest, findings = audit.manifest, audit.findings
    counts = {kind: sum(f.kind == kind for f in findings) for kind in KINDS}
    kinds = [[KINDS[kind].severity, kind, f"{count:,}"] for kind, count in counts.items() if count]
    grave = [f for f in findings if f.severity != "note"]
    if kinds:
        table(["severity", "kind", "findings"], sorted(kinds, key=lambda row: list(KINDS).index(row[1])), 2)
        say()
    if grave:
        rows = [[f.severity, f.kind, _first_of(f.images), f.why] for f in grave[:MOST_SHOWN]]
        table(["severity", "kind", "image", "why"], rows, text_columns=4)
    if len(grave) > MOST_SHOWN:
        say(f"and {len(grave) - MOST_SHOWN:,} more")
    numbers = ", ".join(counted(count, severity) for severity, count in audit.counts.items())
    say(
        f"\n{counted(manifest.table['image'].nunique(), 'image')} of "
        f"{counted(len(manifest.class_names), 'class')}: {numbers}"
    )


def _first_of(images: tuple[str, ...]) -> str:
    return f"{images[0]} and {len(images) - 1} more" if len(images) > 2 else " = ".join(images)


def write_cleaned(audit: Audit, path: Path) -> None:
    """Write the cleaned manifest and the table of what it leaves out, and say how much that is."""
    cleaned, effects = audit.cleaned()
    cleaned.save(path)
    listed = path.with_suffix(".left_out.csv")
    with replacing(listed) as partial:
        effects.to_csv(partial, index=False)
    reasons = effects["reason"].str.replace(r"^a copy of .*", "a copy of another image", regex=True)
    counts = effects.groupby(["effect", reasons]).size().sort_values(ascending=False)
    say(f"\nThe cleaned manifest has {len(cleaned.table):,} of {counted(len(audit.manifest.table), 'example')}: {path}")
    if len(counts):
        rows = [[effect, reason, f"{count:,}"] for (effect, reason), count in counts.head(MOST_SHOWN).items()]
        table(["effect", "reason", "examples"], rows, text_columns=2)
        say(f"Each of them, with its reason: {listed}")


def _what_next(source: str, fix: Path | None, found: Audit) -> str:
    if fix:
        return command_line("train", "--data", fix)
    if any("--fix" in finding.advice for finding in found.findings):
        return command_line("audit", source, "--fix", "cleaned.parquet")
    return command_line("train", "--data", source)
