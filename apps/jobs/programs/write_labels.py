"""Writes labels for another tool: python -m jobs.programs.write_labels PROJECT VERSION FORMAT FOLDER

What became of the labels lies beside the folder, see `projects.exports`.
"""

import sys
from pathlib import Path

from projects.exports import Written, keep_written, sentence_of
from projects.project import Project, open_project
from projects.versions import manifest_of
from projects.wording import in_words

from imgcls.cli import command
from imgcls.cli.terminal import progress_line, say
from imgcls.data.manifest.from_records import to_records
from imgcls.data.sources.reasons import commonest
from imgcls.labels import write_labels
from imgcls.labels.writing import count_kept
from jobs.programs.program import run

MOST_NOTES = 8


def main(project: Project, number: int, format_: str, folder: Path) -> int:
    """Write the files, and keep how many labels they hold and what they cannot."""
    with progress_line() as progress:
        progress.doing("Writing the files", 0)
        records = to_records(manifest_of(project, number))
        problems = write_labels(records, folder, format_)
    notes = tuple(in_words(sentence) for sentence in commonest(problems))[:MOST_NOTES]
    written = Written(*count_kept(records, format_), notes)
    keep_written(folder, written, problems)
    say(sentence_of(written))
    return command.WITH_PROBLEMS if written.lost else command.OK


if __name__ == "__main__":
    run(lambda: main(open_project(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))
