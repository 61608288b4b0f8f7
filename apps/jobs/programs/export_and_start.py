"""A job's program: exports a run, and starts a server of what was exported, whether or not a page is open.

python -m jobs.programs.export_and_start PROJECT RUN BUNDLE WHO
"""

import os
import signal
import subprocess
import sys

from projects.project import open_project
from projects.threshold import chosen_threshold

from jobs.servers import start_server


def main(named: str, run: str, bundle: str, who: str) -> int:
    """Export, then start; the exit code is that of the export."""
    project = open_project(named)
    program = ["imgcls.export", project.runs / run, "--name", bundle, "--output", project.bundles]
    if threshold := chosen_threshold(project, run):
        program += ["--threshold", str(threshold)]
    export = subprocess.Popen([sys.executable, "-m", *program], stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: export.terminate())
    if code := export.wait():
        return code
    start_server(project, bundle, _environment(), who)
    return 0


def _environment() -> dict[str, str]:
    """Of the server's own job, which writes its progress elsewhere."""
    return {name: value for name, value in os.environ.items() if name != "IMGCLS_PROGRESS"}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
