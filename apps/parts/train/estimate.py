"""How long a run will take on this machine: from a trial of its network here, and of reading the project's images.

    projects/.speed/<network>-<pixels>.json         images a second on this machine, see worker/tasks/speed.py
    projects/<name>/speed-<version>-<pixels>.json   images a second that are read

Both are measured once, in the worker, while nothing else runs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.job import live_jobs
from projects.project import PROJECTS, Project
from projects.versions import file_of_version
from worker.later import ask

from imgcls.config import TrainConfig
from imgcls.files import read_json
from parts.train.answers import PHOTO_MODEL, learns_from_scratch
from parts.train.facts import Facts

FIXED = 30.0  # seconds to load TensorFlow, judge and write; a guess, for there is no trial of it
HEAD = 0.002  # seconds an image and view, to fit the last layer; a guess
ON_FEATURES = ("head", "features", "patches")
STAGES = {"last_blocks": (1.0, 0.0), "all": (0.375, 0.625), "scratch": (0.0, 1.0)}  # epochs of the last third, of all
PHOTO_SIZE = 224  # pixels, of the network of photos


@dataclass(frozen=True)
class Speed:
    """What was measured.

    Attributes:
        model: Name of the network.
        image_size: Pixels of a side.
        looks: Images a second to compute features.
        last_blocks: Images a second to train the last third.
        learns: Images a second to train everything.
        begin: Seconds until the first step is done.
        reads: Images a second that are read.
        day: When it was measured, such as 2026-11-26.
    """

    model: str
    image_size: int
    looks: float
    last_blocks: float
    learns: float
    begin: float
    reads: float
    day: str

    def sentence(self) -> str:
        """How the estimate was made."""
        return (
            f"The minutes are estimated from a trial on this machine ({self.day}): at {self.image_size} pixels, "
            f"{self.model} computed {self.looks:,.0f} images a second and learned from {self.learns:,.0f}, and "
            f"{self.reads:,.0f} of your images were read a second. Other work on the machine makes it longer."
        )


def speed_of(project: Project, version: int, config: TrainConfig, facts: Facts) -> Speed | None:
    """The speed of this machine for a run; None until it is measured, which begins now if nothing else runs.

    Raises:
        ValueError: There is no such network. OSError or RuntimeError likewise, where the trial failed.
    """
    model = config.network.model
    model = ("resnet20" if facts.are_small else PHOTO_MODEL) if model == "auto" else model
    size = config.input.image_size or (facts.image_size or 32 if facts.are_small else 0)
    of_machine = PROJECTS / ".speed" / f"{model.replace('/', '_')}-{size}.json"
    measured = _measured(of_machine, "speed.of_network", {"model": model, "image_size": size})
    if not measured:
        return None
    manifest, pixels = str(file_of_version(project, version)), round(measured["image_size"])
    of_images = project.folder / f"speed-{version}-{pixels}.json"
    read = _measured(of_images, "speed.of_reading", {"manifest": manifest, "image_size": pixels})
    return Speed(model=model, reads=read["images_per_second"], **measured) if read else None


def _measured(file: Path, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the worker wrote into the file; empty while it has not, which it begins now if nothing else runs."""
    if not file.is_file() and not any(job.kind != "serve" for job in live_jobs()):
        ask(name, file=str(file), **arguments)
    return read_json(file)


def seconds_of(config: TrainConfig, facts: Facts, speed: Speed) -> tuple[float, float]:
    """The least and the most seconds of a run.

    Args:
        config: Of the run.
        facts: Of its data.
        speed: Of this machine, for its network.
    """
    images = facts.training + facts.validation + facts.test
    plan = "scratch" if learns_from_scratch(config) else config.network.plan
    judged = (facts.validation + facts.test) / speed.looks
    fixed = FIXED + images / speed.reads + judged
    if plan != "scratch":
        views = config.training.feature_views
        looked = facts.training * views + facts.validation
        fixed += looked / speed.looks + views * images / speed.reads + HEAD * facts.training * views
    if plan in ON_FEATURES:
        return fixed, fixed
    last, every = STAGES.get(plan, STAGES["last_blocks"])
    rate = last / speed.last_blocks + every / speed.learns
    epoch = facts.training * rate + facts.validation / speed.looks
    epochs, patience = config.training.epochs, config.training.early_stopping_patience
    fewest = min(epochs, patience + 1) if patience else epochs
    begin = fixed + speed.begin
    return begin + fewest * epoch, begin + epochs * epoch


def in_minutes(seconds: tuple[float, float]) -> str:
    """Such as "about 2 min" or "3 to 12 min"."""
    least, most = (_rounded(each) for each in seconds)
    if most >= 180:
        low, high = f"{least / 60:.1f}".removesuffix(".0"), f"{most / 60:.1f}".removesuffix(".0")
        return f"about {high} h" if low == high else f"{low} to {high} h"
    return f"about {most} min" if least == most else f"{least} to {most} min"


def _rounded(seconds: float) -> int:
    """Minutes, no more exact than they are known."""
    minutes = max(1, round(seconds / 60 + 0.2))
    return minutes if minutes < 20 else 5 * round(minutes / 5)
