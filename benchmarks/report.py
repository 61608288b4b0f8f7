"""How long the report of 10,000 test images takes, how large it is, and how soon its page answers a click.

Needs Fashion-MNIST as IDX files (Debian: apt-get install dataset-fashion-mnist), Playwright and Chromium. The images
are written as PNG files. A logistic regression on 64 principal components of the pixels is the classifier, and the
components are the embeddings. The time is from the saved tables of predictions, of 10,000 test images and 20,000
training images, to evaluation and report on the disk. A click is timed in the page, from the click to the
second frame after it. The exit code is 1 if the median of the rounds is above 60 s, the file above 15 MB, or the median
of any click above 0.2 s.

  python benchmarks/report.py --rounds 5
"""

import argparse
import gzip
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.processor import describe

SOURCE = Path("/usr/share/datasets/fashion-mnist")
NAMES = ["tshirt_top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot"]
TRAINING, FITTED_ON, COMPONENTS = 20_000, 10_000, 64
MOST_SECONDS, MOST_MEGABYTES, MOST_CLICK = 60, 15, 0.2
CLICKS = {  # what is clicked: how, in the page
    "a cell of the matrix": "document.querySelectorAll('td.wrong')[ROUND].click()",
    "a class": "document.querySelectorAll('.name button')[ROUND].click()",
    "sorting the classes": "document.querySelectorAll('#class-table thead button')[1 + ROUND % 3].click()",
    "all images": "document.querySelector('[data-right=\"\"]').click()",
    "48 more images": "document.getElementById('more').click()",
    "an image": "document.querySelectorAll('#cards .card')[ROUND].click()",
}
IN_THE_PAGE = """() => new Promise(done => {
  const before = performance.now();
  ACTION;
  requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - before) / 1000)));
})"""


def read_idx(name: str) -> np.ndarray:
    """Images (N, 28, 28) or labels (N,)."""
    data = gzip.decompress((SOURCE / name).read_bytes())
    shape = tuple(int.from_bytes(data[4 + 4 * n : 8 + 4 * n], "big") for n in range(data[3]))
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def write_tables(folder: Path) -> None:
    """The tables of predictions, with the images that they name."""
    from PIL import Image
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression

    from imgcls.evaluation.prediction_table import PredictionTable

    parts = {"train": ("train", TRAINING), "test": ("t10k", 10_000)}
    pixels = {part: read_idx(f"{file}-images-idx3-ubyte.gz")[:count] for part, (file, count) in parts.items()}
    labels = {part: read_idx(f"{file}-labels-idx1-ubyte.gz")[:count] for part, (file, count) in parts.items()}
    flat = {part: values.reshape(len(values), -1) / np.float32(255) for part, values in pixels.items()}
    reduced = PCA(COMPONENTS, random_state=0).fit(flat["train"][:FITTED_ON])
    features = {part: reduced.transform(values).astype(np.float32) for part, values in flat.items()}
    head = LogisticRegression(max_iter=300).fit(features["train"][:FITTED_ON], labels["train"][:FITTED_ON])
    for part, images in pixels.items():
        files = [f"{part}/{NAMES[label]}/{place:05}.png" for place, label in enumerate(labels[part])]
        for file, image in zip(files, images, strict=True):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / file)
        rows = pd.DataFrame({"image": files, "label": [NAMES[label] for label in labels[part]], "split": part})
        bright = np.quantile(images.reshape(len(images), -1) / 255, 0.99, axis=1)
        rows = rows.assign(width=28, height=28, format="PNG", brightness_99=bright)
        facts = {"root": str(folder), "split": part, "run": "fashion"}
        probabilities = head.predict_proba(features[part])
        PredictionTable(rows, NAMES, probabilities, embeddings=features[part], facts=facts).save(
            folder / f"{part}.parquet"
        )


def report_once(folder: Path) -> float:
    """Evaluate and write the report. Returns the seconds."""
    from imgcls.evaluation.metrics import evaluate_predictions
    from imgcls.evaluation.next_steps import Trained, report_steps
    from imgcls.evaluation.prediction_table import PredictionTable
    from imgcls.evaluation.report import Report, write_report

    before = time.perf_counter()
    table, training = (PredictionTable.load(folder / f"{part}.parquet") for part in ("test", "train"))
    evaluation = evaluate_predictions(list(table.rows["label"]), table.probabilities, table.class_names)
    steps = report_steps(table, Trained("runs/fashion"))
    report = Report("fashion", {"model": "logistic regression"}, evaluation, table, training, next_steps=steps)
    write_report(folder / "report.html", report)
    return time.perf_counter() - before


def time_clicks(page_file: Path, rounds: int) -> dict[str, list[float]]:
    """The seconds of each kind of click, and of the opening of the page."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {"opening the page": [], **{what: [] for what in CLICKS}}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        for number in range(rounds):
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            before = time.perf_counter()
            page.goto(page_file.as_uri())
            found["opening the page"].append(time.perf_counter() - before)
            for what, action in CLICKS.items():
                script = IN_THE_PAGE.replace("ACTION", action.replace("ROUND", str(number)))
                found[what].append(page.evaluate(script))
            page.close()
        chromium.close()
    return found


def main() -> int:
    """Time it, print a line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder)
        seconds = [report_once(folder) for _ in range(rounds)]
        megabytes = (folder / "report.html").stat().st_size / 1e6
        clicks = time_clicks(folder / "report.html", rounds)
    print(describe())
    print(f"evaluation and report of 10,000 images: {statistics.median(seconds):.1f} s", _spread(seconds))
    print(f"report.html: {megabytes:.1f} MB")
    for what, times in clicks.items():
        print(f"{what}: {statistics.median(times):.3f} s", _spread(times))
    slow = [what for what in CLICKS if statistics.median(clicks[what]) > MOST_CLICK]
    return int(statistics.median(seconds) > MOST_SECONDS or megabytes > MOST_MEGABYTES or bool(slow))


def _spread(times: list[float]) -> str:
    return f"({min(times):.3f} to {max(times):.3f})"


if __name__ == "__main__":
    sys.exit(main())
