"""How soon the app paints its pages and answers a click, over projects of 5,000 and 50,000 images, and what it holds.

Needs Playwright and Chromium. The images are those of datasets/fashion_mini under many names. A page is painted once
its heading stands, its script has ended and no part is still to come; a click is timed until the same. The last column
is how long the app's own process computed in a step. Its memory (RSS) is without the worker that holds TensorFlow. To
reach, on two cores at rest: first paint 2 s, a click 0.5 s, 400 MB. The exit code is 1 if a median or the memory is
above.

    python benchmarks/app.py --images 5000 50000 --rounds 5
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import psutil

from imgcls.processor import describe

ROOT = Path(__file__).parents[1]
APP, SAMPLE = ROOT / "apps" / "app.py", ROOT / "datasets" / "fashion_mini"
MOST_PAINT, MOST_CLICK, MOST_MEGABYTES = 2.0, 0.5, 400
PAGES = ("", "data", "label", "train", "results", "predict", "deploy", "learn")
WALK = ("Data", "Label", "Train", "Results", "Predict", "Deploy", "Learn", "Projects")  # links at the side, in turn
DONE = "[data-test-script-state=notRunning]"
PATIENCE = 120_000  # milliseconds


def make_project(images: int) -> str:
    """A project of so many images, in the folder that this process is in: its name in addresses."""
    from projects.project import create_project
    from projects.versions import add_version

    from imgcls.config import LabelsConfig
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.manifest.table import Manifest
    from imgcls.data.sources.importing import import_manifest

    few = inspect(import_manifest(str(SAMPLE), LabelsConfig()).manifest)
    copies = -(-images // len(few.table))
    table = pd.concat([copy_of(few, number) for number in range(copies)], ignore_index=True).head(images)
    table.attrs = few.table.attrs
    made = create_project(f"{images} images")
    add_version(made, Manifest(table, Path("copies").absolute()), f"{images} images added", 0)
    return made.name


def copy_of(few, number: int) -> pd.DataFrame:
    """The same rows with names of their own, for which there are files."""
    names = [f"{number:03}/{name}" for name in few.table["image"]]
    for name, path in zip(names, few.paths(few.table), strict=True):
        target = Path("copies") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(path, target)
    return few.table.assign(image=names, sha256=[f"{number:04x}{key[4:]}" for key in few.table["sha256"]])


def serve() -> tuple[subprocess.Popen, str]:
    """The app, as soon as it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "streamlit", "run", APP, "--server.port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    for line in server.stdout:
        if "URL:" in line:
            break
    return server, f"http://localhost:{port}"


def painted(page) -> None:
    page.locator("h1").first.wait_for()
    page.locator(DONE).wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")


class Steps:
    """Seconds of each step, and those that the app's process computed, which other work on the machine disturbs less.

    Args:
        server: The process.
    """

    def __init__(self, server: psutil.Process) -> None:
        self.server = server
        self.times: dict[str, list[tuple[float, float]]] = {}

    @contextmanager
    def step(self, name: str, counts: bool) -> Iterator[None]:
        """Time what is inside; of a round that does not count, nothing is kept."""
        began, computed = time.perf_counter(), self._computed()
        yield
        if counts:
            self.times.setdefault(name, []).append((time.perf_counter() - began, self._computed() - computed))

    def _computed(self) -> float:
        return sum(self.server.cpu_times()[:2])  # of the user and of the system


def walk(browser, address: str, project: str, rounds: int, steps: Steps) -> None:
    """All pages, in rounds; before them, each page is opened once."""
    for number in range(rounds + 1):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE)
        for view in PAGES:
            with steps.step(f"paint {view or 'home'}", number > 0):
                page.goto(f"{address}/{view}?project={project}")
                painted(page)
        for name in WALK:
            with steps.step(f"click {name}", number > 0):
                page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
                page.locator(f"h1:has-text('{name}')").first.wait_for()
                painted(page)
        page.close()


def shown(steps: Steps) -> bool:
    """Print median and worst of each step; whether all medians are low enough."""
    good = True
    print(f"{'seconds':20}{'median':>9}{'worst':>9}{'to reach':>10}{'computed':>10}")
    for name, row in steps.times.items():
        took, computed = zip(*row, strict=True)
        limit = MOST_PAINT if name.startswith("paint") else MOST_CLICK
        good &= statistics.median(took) <= limit
        print(f"{name:20}{statistics.median(took):9.2f}{max(took):9.2f}{limit:10}{statistics.median(computed):10.2f}")
    return good


def main(images: int, rounds: int) -> bool:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="imgcls-") as folder, sync_playwright() as playwright:
        os.chdir(folder)
        project = make_project(images)
        server, address = serve()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        try:
            print(f"\n{images:,} images")
            steps = Steps(psutil.Process(server.pid))
            walk(browser, address, project, rounds, steps)
            good = shown(steps)
            memory = steps.server.memory_info().rss / 1e6
            print(f"memory of the app: {memory:.0f} MB; to reach: {MOST_MEGABYTES} MB")
        finally:
            browser.close()
            server.terminate()
            server.communicate(timeout=30)
            os.chdir(ROOT)
    return good and memory <= MOST_MEGABYTES


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs="+", default=[5000, 50_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(APP.parent)]
    print(describe())
    results = [main(count, options.rounds) for count in options.images]
    sys.exit(0 if all(results) else 1)
