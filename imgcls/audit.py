"""Find what is wrong with labelled images before a network learns it.

Opens every file once and looks for what cannot be read or may be damaged, decompression bombs, wrong extensions; tiny,
very long, dark, over-exposed or blurred images, of few shades or of an odd size; copies, exact, near, mirrored or
rotated, above all the same image in two splits or with two labels; classes that a split lacks, that are too small or
called by two names; boxes that are empty or reach outside. Writes audit.json and audit.html, which shows the images
side by side. No file of yours is changed. A second audit opens only what changed.

Exit code: 0 if there is no error (warnings and notes may be), else 3, or 1 with --strict.

Examples:
  python -m imgcls.audit photos
  python -m imgcls.audit manifest.parquet --fix cleaned.parquet
  python -m imgcls.audit annotations/instances.json --boxes crop --strict
  python -m imgcls.audit fashion_mini --output audits/fashion
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from imgcls.cli import command
from imgcls.config import LabelsConfig
from imgcls.counted import counted
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ

__doc__ = f"{__doc__}\n{WHAT_IS_READ}\n"

if TYPE_CHECKING:
    import pandas as pd

    from imgcls.data.audit import Finding
    from imgcls.data.manifest.table import Manifest

MOST_SHOWN = 30  # findings in the terminal; all of them are in audit.json
STRICT = 1  # exit code


@dataclass(frozen=True)
class Options:
    source: Annotated[str, tyro.conf.Positional]  # manifest, folder, annotation file, card, or tfds:NAME
    output: Path | None = None  # folder for audit.json and audit.html; audits/NAME of the source if none is named
    strict: bool = False  # whether an error ends with exit code 1, for scripts that must stop at it
    fix: Path | None = None  # cleaned manifest to write (.parquet), and a table beside it of what it leaves out and why
    labels: Annotated[LabelsConfig, tyro.conf.arg(name="")] = field(default_factory=LabelsConfig)


def main(options: Options) -> int:
    _check_fix(options)
    folder = options.output or Path("audits", Path(options.source).stem or "images")
    check_writable(folder, folder=True)
    from imgcls.data.sources.importing import import_manifest, needs_tensorflow
    from imgcls.data.sources.load import source_of

    if needs_tensorflow(options.source):
        command.import_tensorflow()
    imported = import_manifest(*source_of(options.source, options.labels))
    from imgcls.cli.terminal import next_step, progress, say
    from imgcls.data.audit import audit
    from imgcls.data.duplicates.near_duplicates import find_copies
    from imgcls.data.inspection.inspect import inspect

    with progress("Looking at every image", len(imported.manifest.table)) as on_progress:
        manifest = inspect(imported.manifest, on_progress, again=True, before_opening=command.import_tensorflow)
    say("Comparing the images with each other")
    copies = find_copies(manifest)
    findings = audit(manifest, copies, imported.problems)
    _write(folder, options.source, manifest, findings)
    _show(manifest, findings)
    say(f"\nThe images side by side: {folder / 'audit.html'}\nAll findings: {folder / 'audit.json'}")
    if options.fix:
        _fix(options.fix, manifest, copies.groups)
    next_step(_what_next(options, findings))
    if any(finding.severity == "error" for finding in findings):
        return STRICT if options.strict else command.WITH_PROBLEMS
    return command.OK


def _check_fix(options: Options) -> None:
    """Raise ValueError, before anything is read, if the cleaned manifest cannot be written where it is wanted."""
    if options.fix and options.fix.suffix != ".parquet":
        raise ValueError(f"--fix is {options.fix}; expected a file that ends in .parquet.")
    if options.fix and options.fix.resolve() == Path(options.source).resolve():
        raise ValueError(f"--fix is the source itself, {options.fix}, which is never changed. Name another file.")
    if options.fix:
        check_writable(options.fix)


def _write(folder: Path, source: str, manifest: "Manifest", findings: list["Finding"]) -> None:
    from imgcls.evaluation.audit_page import write_audit_page
    from imgcls.files import write_json

    rows = [
        {"kind": f.kind, "severity": f.severity, "images": list(f.images), "why": f.why, "advice": f.advice}
        for f in findings
    ]
    facts = {"source": source, "root": str(manifest.root), "images": manifest.table["image"].nunique()}
    write_json(folder / "audit.json", {**facts, "counts": _counts(findings), "findings": rows})
    write_audit_page(folder / "audit.html", source, manifest, findings)


def _counts(findings: list["Finding"]) -> dict[str, int]:
    """How many findings there are of each severity."""
    from imgcls.data.audit import SEVERITIES

    return {severity: sum(f.severity == severity for f in findings) for severity in SEVERITIES}


def _show(manifest: "Manifest", findings: list["Finding"]) -> None:
    """Print the findings, the gravest first, and how many there are of each kind."""
    from imgcls.cli.terminal import say, table
    from imgcls.data.audit import KINDS

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
    numbers = ", ".join(counted(count, severity) for severity, count in _counts(findings).items())
    say(
        f"\n{counted(manifest.table['image'].nunique(), 'image')} of "
        f"{counted(len(manifest.class_names), 'class')}: {numbers}"
    )


def _first_of(images: tuple[str, ...]) -> str:
    return f"{images[0]} and {len(images) - 1} more" if len(images) > 2 else " = ".join(images)


def _fix(path: Path, manifest: "Manifest", copies: "pd.Series") -> None:
    """Write the cleaned manifest and the table of what it leaves out, and say how much that is."""
    from imgcls.cli.terminal import say, table
    from imgcls.data.audit.cleaning import clean
    from imgcls.files import replacing

    cleaned, effects = clean(manifest, copies)
    cleaned.save(path)
    listed = path.with_suffix(".left_out.csv")
    with replacing(listed) as partial:
        effects.to_csv(partial, index=False)
    reasons = effects["reason"].str.replace(r"^a copy of .*", "a copy of another image", regex=True)
    counts = effects.groupby(["effect", reasons]).size().sort_values(ascending=False)
    say(f"\nThe cleaned manifest has {len(cleaned.table):,} of {counted(len(manifest.table), 'example')}: {path}")
    if len(counts):
        rows = [[effect, reason, f"{count:,}"] for (effect, reason), count in counts.head(MOST_SHOWN).items()]
        table(["effect", "reason", "examples"], rows, text_columns=2)
        say(f"Each of them, with its reason: {listed}")


def _what_next(options: Options, findings: list["Finding"]) -> str:
    if options.fix:
        return f"python -m imgcls.train --data {options.fix}"
    if any("--fix" in finding.advice for finding in findings):
        return f"python -m imgcls.audit {options.source} --fix cleaned.parquet"
    return f"python -m imgcls.train --data {options.source}"


if __name__ == "__main__":
    command.run(main, Options, __doc__)
