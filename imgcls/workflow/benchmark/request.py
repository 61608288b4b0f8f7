"""What a benchmark of networks is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from imgcls.config import flag
from imgcls.models.weights.named import FOLDER, named_weights
from imgcls.nearest_name import did_you_mean
from imgcls.workflow.benchmark.named_pixels import EVERY, named_pixels

TrainMode = Literal["probe", "short", "full"]
SHORT_EPOCHS, FULL_EPOCHS = 3, 30
ENGINES = {"tensorflow": "saved_model", "openvino": "openvino", "onnx": "onnx", "litert": "litert"}  # and its format
MOST_CANDIDATES = 100


@dataclass(frozen=True)
class BenchmarkRequest:
    """Which networks are measured, on which images, and how.

    Attributes:
        data: Folder with one folder of images a class, a manifest (.parquet), or the name of a card.
        models: Names of networks, files or models of a project, as training takes them; empty: they are chosen by the
            limits.
        preprocessing: The pixels of Keras models that say nothing themselves: a name for all, or MODEL=NAME for each.
        at_most_ms: Largest median latency of a bundle, in milliseconds an image; 0: no limit.
        at_most_mb: Largest size of the network's files, in megabytes; 0: no limit.
        candidates: How many networks are chosen where none are named.
        train: How the accuracy is found: "probe", "short" (3 epochs) or "full" (30 epochs).
        engines: Of `ENGINES`; empty: all that are installed.
        image_size: Pixels, square; 0: each network's own, as training takes it.
        weights: "auto", the published ones where they can be had; "none"; or, for one network, the name of published
            ones, such as "timm:convnext_atto.d2_in1k".
        minutes: After which nothing new is begun; 0: no limit.
        to_accuracy: Accuracy, 0 to 1, to which the time and the cost of training are counted; 0: not counted.
        price_per_hour: Of this machine, in any currency; 0: no cost is shown.
        runs: Folder of the runs and of their cached features.
        output: Folder of the table of measurements and the page; None: "benchmark" in `runs`.
        seed: Of the splits and of random weights.
        again: Measure also what is in the table already.

    Raises:
        ValueError: If a value is out of its range, or if there are neither names nor limits.
    """

    data: str
    models: tuple[str, ...] = ()
    preprocessing: tuple[str, ...] = ()
    at_most_ms: float = 0.0
    at_most_mb: float = 0.0
    candidates: int = 8
    train: TrainMode = "probe"
    engines: tuple[str, ...] = ()
    image_size: int = 0
    weights: str = "auto"
    minutes: float = 0.0
    to_accuracy: float = 0.0
    price_per_hour: float = 0.0
    runs: Path = Path("runs")
    output: Path | None = None
    seed: int = 0
    again: bool = False

    def __post_init__(self) -> None:
        if not self.models and not (self.at_most_ms or self.at_most_mb):
            raise ValueError(
                "Which networks? Name some, such as --models efficientnet_lite0 mobilenet_v2 resnet50, or say what is "
                "allowed, such as --at-most-ms 50 --at-most-mb 20."
            )
        for name, most in LIMITS:
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{flag(name)} is {getattr(self, name):g}; expected 0 to {most:g}.")
        if not 1 <= self.candidates <= MOST_CANDIDATES:
            raise ValueError(f"--candidates is {self.candidates}; expected 1 to {MOST_CANDIDATES}.")
        if self.price_per_hour and not self.to_accuracy:
            raise ValueError("--price-per-hour is what training to an accuracy costs by. Add --to-accuracy 0.93.")
        for engine in self.engines:
            _check_engine(engine)
        named_pixels(self.preprocessing, self.models)
        _check_weights(self.weights, self.models)

    def pixels_of(self, model: str, is_silent: bool) -> str | None:
        """The pixels that were named for a model; None if none were.

        Args:
            model: As it is named in `models`.
            is_silent: Whether nothing in the model says which pixels it takes.
        """
        named = named_pixels(self.preprocessing, self.models)
        return named.get(model, named.get(EVERY) if is_silent else None)

    def flags(self) -> list[str]:
        """What the command takes beside the images to ask for the same; what it does without a flag is left out.

        Example:
            >>> BenchmarkRequest("photos", models=("lenet5", "resnet20"), at_most_ms=50.0, again=True).flags()
            ['--models', 'lenet5', 'resnet20', '--at-most-ms', '50', '--again']
        """
        said = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "data" and value != field.default:
                said += [flag(field.name), *_typed(value)]
        return said

    @property
    def folder(self) -> Path:
        """Of the table of measurements and the page."""
        return self.output or self.runs / "benchmark"


LIMITS = (("at_most_ms", 1e6), ("at_most_mb", 1e6), ("minutes", 1e5), ("to_accuracy", 1.0), ("price_per_hour", 1e6))


def _typed(value: object) -> list[str]:
    """A value as it stands behind its flag."""
    if isinstance(value, bool):
        return []
    if isinstance(value, float):
        return [f"{value:.12g}"]
    return [str(each) for each in value] if isinstance(value, tuple) else [str(value)]


def _check_engine(engine: str) -> None:
    if engine not in ENGINES:
        raise ValueError(f"Unknown engine {engine!r}.{did_you_mean(engine, ENGINES)} There are: {', '.join(ENGINES)}.")


def _check_weights(weights: str, models: Sequence[str]) -> None:
    if weights in ("auto", "none"):
        return
    if not named_weights(weights):
        raise ValueError(
            f"--weights is {weights!r}; expected auto, none, or a name with its source such as "
            "timm:convnext_atto.d2_in1k."
        )
    if len(models) != 1:
        raise ValueError(
            f"--weights {weights} are of one network, and --models has {len(models)}. Name that one, or put the "
            f"files of several into the folder that {FOLDER} names, where --weights auto finds them."
        )
