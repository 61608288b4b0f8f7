"""What all tests share: two logical processors, the sample, a small run, and commands run as a user runs them."""

import gc
import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # a processor's numbers are expected; set it to 0 to try a card

import httpx
import pytest
import tensorflow as tf

from tests.proving_process import ProvingProcess

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "datasets" / "fashion_mini"

httpx._config.DEFAULT_TIMEOUT_CONFIG.read = 60.0  # seconds, which a server may need on a busy machine; httpx has 5
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)  # so that a run over several devices is tested for real


def pytest_collection_finish() -> None:
    """Python and Keras look for garbage again and again: not in the millions of objects that all tests share."""
    gc.collect()
    gc.freeze()


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep what the tests derive out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGCLS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def proving_process():
    """Prove all bundles of these tests in one process; gives what proves each in its own, as a user's export does."""
    from imgcls.serving import parity

    process, in_fresh_process = ProvingProcess(), parity._in_fresh_process
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "_in_fresh_process", process)
        yield in_fresh_process
    process.close()


@pytest.fixture(scope="session", autouse=True)
def no_memory_is_given_back():
    """A server in the process of the tests does not look at all their objects after each load; `test_memory` asks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imgcls.serving.server.core.load_version.give_back_memory", lambda: None)
        yield


@pytest.fixture
def fresh_process(proving_process, monkeypatch):
    """For tests of the proof itself: a process for each bundle."""
    monkeypatch.setattr("imgcls.serving.parity._in_fresh_process", proving_process)


@pytest.fixture(scope="session")
def bfloat16():
    """What tests in 16 bits need. Every processor has it, unless ONEDNN_MAX_CPU_ISA hides from oneDNN what TensorFlow
    finds; then a run in bfloat16 is refused before it starts, which `test_precision` shows."""
    from imgcls.layers.native_layout import convolves

    if not convolves("bfloat16"):
        pytest.skip("ONEDNN_MAX_CPU_ISA keeps this processor from computing in bfloat16")


@pytest.fixture(scope="module")
def browser():
    """Chromium, which asks nothing of the network by itself."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    assert chromium, "chromium was not found; on Debian: apt-get install chromium"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield opened
        opened.close()


@pytest.fixture
def no_image_is_opened(monkeypatch):
    """Fails the test if an image is opened, by whichever module imported `inspect` and whenever it did."""
    monkeypatch.setattr("imgcls.data.inspection.inspect._facts_of", lambda *_: pytest.fail("an image was opened"))


@pytest.fixture
def no_data_is_read(monkeypatch, no_image_is_opened):
    """Fails the test if a manifest is loaded, or an image opened."""
    monkeypatch.setattr("imgcls.data.sources.load.is_prepared", lambda path: pytest.fail("the data was read"))


@pytest.fixture
def command(capfd, monkeypatch):
    """Run a command in this process: command("train", "--epochs", 1) gives its exit code and what it printed."""

    def run(name: str, *arguments: object) -> Result:
        module = importlib.import_module(f"imgcls.{name}")
        monkeypatch.setattr(sys, "argv", [module.__file__, *map(str, arguments)])
        default = {"default": module.options_from_config_file} if name == "train" else {}
        with pytest.raises(SystemExit) as ended:
            importlib.import_module("imgcls.cli.command").run(module.main, module.Options, module.__doc__, **default)
        return Result(ended.value.code, *capfd.readouterr())

    return run


def copy_sample(folder: Path, classes: tuple[str, ...], train: int, test: int) -> Path:
    """A part of the sample: the first images of some classes."""
    for split, count in (("train", train), ("test", test)):
        for name in classes:
            (folder / split / name).mkdir(parents=True)
            for image in sorted((SAMPLE / split / name).iterdir())[:count]:
                shutil.copy(image, folder / split / name)
    return folder


@pytest.fixture(scope="session")
def small_data(tmp_path_factory) -> Path:
    """Three classes that are easy to tell apart, 40 images each for training and 10 for the test."""
    return copy_sample(tmp_path_factory.mktemp("data") / "small", ("bag", "sneaker", "trouser"), 40, 10)


@pytest.fixture(scope="session")
def collages(tmp_path_factory) -> Path:
    """A manifest of 64 images for training and 16 for the test, each with up to three items in its quarters."""
    import numpy as np
    import pandas as pd
    from PIL import Image

    from imgcls.data.manifest.table import Manifest

    folder, random, rows = tmp_path_factory.mktemp("data") / "collages", np.random.default_rng(0), []
    folder.mkdir()
    names = ("bag", "sneaker", "trouser")
    items = {name: sorted((SAMPLE / "train" / name).iterdir())[:20] for name in names}
    for number in range(80):
        chosen, canvas = [name for name in names if random.random() < 0.5], Image.new("L", (32, 32))
        for quarter, name in zip(random.permutation(4), chosen, strict=False):
            item = Image.open(items[name][random.integers(20)]).resize((16, 16))
            canvas.paste(item, (16 * int(quarter % 2), 16 * int(quarter // 2)))
        canvas.putpixel((0, 0), number)  # no two alike, of which one would be left out as a copy
        canvas.putpixel((31, 31), 255 - number)
        canvas.save(folder / f"{number}.png")
        rows.append({"image": f"{number}.png", "labels": chosen, "split": "test" if number % 5 == 0 else ""})
    Manifest.from_records(pd.DataFrame(rows), folder, boxes="multi_label").save(folder / "manifest.parquet")
    return folder / "manifest.parquet"


@pytest.fixture(scope="session")
def small_run(small_data, tmp_path_factory):
    """A run of three epochs on `small_data`; tests that write into it take a copy."""
    from imgcls.config import InputConfig, TrainConfig, TrainingConfig
    from imgcls.training.run import train_network
    from imgcls.workflow.create import create_run

    config = TrainConfig(
        input=InputConfig(data=str(small_data)),
        training=TrainingConfig(epochs=3, batch_size=16),
        runs=str(tmp_path_factory.mktemp("runs")),
        name="small",
    )
    run, manifest = create_run(config)
    assert train_network(run, manifest)
    return run


@pytest.fixture(scope="session")
def small_bundle(small_run, tmp_path_factory) -> Path:
    """The first version of the bundle of `small_run`; tests that write into it take a copy."""
    from imgcls.workflow.export import export_run

    return export_run(small_run, tmp_path_factory.mktemp("bundles"), "small")
