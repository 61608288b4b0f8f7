"""Looks for problems in a project's images: python -m jobs.programs.audit_images PROJECT

Copies, damaged files, dark and blurred images, boxes and class names; what it finds lies in the project, see
`projects.audits`.
"""

import sys

from projects.audits import keep_findings
from projects.project import Project, open_project
from projects.versions import current_number, whole_manifest_of

from imgcls.cli import command
from imgcls.cli.terminal import ProgressLine, progress_line, say
from imgcls.counted import counted
from imgcls.data.audit import find_problems
from imgcls.data.duplicates.near_duplicates import find_copies
from jobs.programs.program import run


def audit(project: Project, number: int, progress: ProgressLine) -> None:
    """Look at a version, whose images were opened when they came, and keep what is found."""
    manifest = whole_manifest_of(project, number)
    progress.doing("Comparing the images", 0)
    findings = find_problems(manifest, find_copies(manifest))
    keep_findings(project, number, findings)
    say(f"{counted(len(findings), 'thing')} to look at.")


def main(project: Project) -> int:
    """Look at the current version."""
    with progress_line() as progress:
        audit(project, current_number(project), progress)
    return command.OK


if __name__ == "__main__":
    run(lambda: main(open_project(sys.argv[1])))
