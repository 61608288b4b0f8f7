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
from typing import Annotated

import tyro

from imgcls.cli import command
from imgcls.config import LabelsConfig
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ

__doc__ = f"{__doc__}\n{WHAT_IS_READ}\n"


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    source: Annotated[str, tyro.conf.Positional]  # manifest, folder, annotation file, card, or tfds:NAME
    output: Path | None = None  # folder for audit.json and audit.html; audits/NAME of the source if none is named
    strict: bool = False  # whether an error ends with exit code 1, for scripts that must stop at it
    fix: Path | None = None  # cleaned manifest to write (.parquet), and a table beside it of what it leaves out and why
    labels: Annotated[LabelsConfig, tyro.conf.arg(name="")] = field(default_factory=LabelsConfig)


def main(options: Options) -> int:
    """Audit the images, write the pages, and print the findings."""
    _check_fix(options)
    folder = options.output or Path("audits", Path(options.source).stem or "images")
    check_writable(folder, folder=True)
    from imgcls.cli.run_audit import audit_and_show

    return audit_and_show(options.source, options.labels, folder, options.fix, options.strict)


def _check_fix(options: Options) -> None:
    """Raise ValueError, before anything is read, if the cleaned manifest cannot be written where it is wanted."""
    if options.fix and options.fix.suffix != ".parquet":
        raise ValueError(f"--fix is {options.fix}; expected a file that ends in .parquet.")
    if options.fix and options.fix.resolve() == Path(options.source).resolve():
        raise ValueError(f"--fix is the source itself, {options.fix}, which is never changed. Name another file.")
    if options.fix:
        check_writable(options.fix)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
