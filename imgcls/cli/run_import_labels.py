"""What `python -m imgcls.import_labels` does once its flags are read."""

from pathlib import Path

import pandas as pd

from imgcls.cli import command
from imgcls.cli.terminal import next_step, percent, progress_line, say, table
from imgcls.command_line import command_line
from imgcls.config import FetchConfig, LabelsConfig
from imgcls.counted import counted
from imgcls.data.manifest.from_records import to_records
from imgcls.data.manifest.table import Manifest, is_manifest
from imgcls.data.sources.importing import needs_tensorflow
from imgcls.files import replacing
from imgcls.labels import WRITERS, write_labels
from imgcls.labels.consensus import Consensus
from imgcls.labels.writing import count_kept
from imgcls.workflow.import_labels import import_labels
from imgcls.workflow.transcoded import transcoded_sentence

MOST_SHOWN = 50  # problems in the terminal


def output_of(source: str, output: Path | None, usual: Path, converts: bool) -> Path | None:
    """Where the manifest is to be written; None if only files for another tool are wanted.

    Raises:
        ValueError: If it would be written over the source, or if nothing would be written.
    """
    changes_one = is_manifest(source)
    if changes_one and not output and not converts:
        raise ValueError(f"{source} is a manifest already. Name what to write: --output or --convert-folder.")
    output = None if changes_one and not output else output or usual
    if output and Path(source).exists() and output.resolve() == Path(source).resolve():
        raise ValueError(f"--output is the source itself, {output}, which is never changed. Name another file.")
    return output


def import_and_show(
    source: str, labels: LabelsConfig, fetching: FetchConfig, output: Path | None, converted: tuple[str, Path | None]
) -> int:
    """Import the labels, write what is wanted, and print what came of it.

    converted: format and folder of the files for another tool; no folder if none are wanted.
    """
    format, folder = converted
    if needs_tensorflow(source):
        command.import_tensorflow()
    with progress_line() as progress:
        imported = import_labels(source, labels, fetching, progress, before_opening=command.import_tensorflow)
    manifest, problems = imported.manifest, imported.problems
    kept = (0, 0)
    if folder:
        records = to_records(manifest)
        problems = pd.concat([problems, write_labels(records, folder, format)], ignore_index=True)
        kept = count_kept(records, format)
    if output:
        manifest.save(output)
    show_manifest(manifest)
    beside = output or folder or Path("manifest.parquet")
    if imported.consensus:
        show_consensus(imported.consensus, beside.with_suffix(".annotators.csv"))
    if len(problems):
        show_problems(problems, beside.with_suffix(".problems.csv"))
    if folder:
        _say_converted(format, folder, kept)
    _say_what_next(manifest, output)
    lost = len(manifest.problems) or (problems["effect"] == "left out").any()
    return command.WITH_PROBLEMS if lost else command.OK


def show_manifest(manifest: Manifest) -> None:
    """Print how many examples each class and split has, and what cannot be used."""
    counts = manifest.counts()
    numbers = zip(counts.index, counts.to_numpy(), strict=True)
    table(["class", *counts.columns], [[str(label), *(f"{count:,}" for count in row)] for label, row in numbers])
    if sentence := transcoded_sentence(manifest.transcoded):
        say(f"\n{sentence}")
    problems = manifest.problems
    if len(problems):
        say(f"\n{len(problems):,} of {counted(len(manifest.table), 'file')} cannot be used:")
        table(["file", "problem"], problems.head(MOST_SHOWN).to_numpy().tolist(), text_columns=2)


def show_consensus(consensus: Consensus, path: Path) -> None:
    """Print how far each annotator can be trusted and how many images are in doubt, and keep the annotators' table."""
    annotators = consensus.annotators.sort_values("skill", ascending=False)
    with replacing(path) as partial:
        annotators.to_csv(partial)
    rows = [
        [
            str(row.Index),
            f"{row.answers:,}",
            percent(row.agreement),
            f"{row.golden_right} of {row.golden_answers}",
            percent(row.skill),
        ]
        for row in annotators.head(MOST_SHOWN).itertuples()
    ]
    say(f"\nWho labelled, the most skilled first; all of them in {path}:")
    table(["annotator", "answers", "agreement", "known answers", "skill"], rows)
    say(f"\n{percent(consensus.needing_another)} of the images need one more opinion.")


def show_problems(problems: pd.DataFrame, path: Path) -> None:
    """Print what the annotation files had wrong, and keep all of it as a table."""
    with replacing(path) as partial:
        problems.to_csv(partial, index=False)
    say(f"\n{counted(len(problems), 'thing')} about the annotations, all of them in {path}:")
    rows = problems.head(MOST_SHOWN)[["effect", "file", "line", "reason"]].astype(str).to_numpy().tolist()
    table(["effect", "file", "line", "reason"], rows, text_columns=4)


def _say_converted(format: str, folder: Path, kept: tuple[int, int]) -> None:
    """Say how many labels the files for another tool hold. kept: of how many labels; both numbers."""
    held, labels = kept
    of_all = f" of {counted(labels, 'label')}" if held < labels else f" {'label' if labels == 1 else 'labels'}"
    say(f"\n{held:,}{of_all} written for {format} to {folder}")
    if held < labels:
        lost = counted(labels - held, "label")
        say(f"{lost} left out, for the reasons above. {format} holds: {WRITERS[format].holds}")


def _say_what_next(manifest: Manifest, output: Path | None) -> None:
    if output:
        what = f"{counted(len(manifest.usable), 'example')} of {counted(len(manifest.class_names), 'class')}"
        say(f"\n{what} written to {output}")
        next_step(command_line("train", "--data", output))
