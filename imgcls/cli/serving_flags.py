"""The flags of `python -m imgcls.serve` about models and how they compute. No TensorFlow is imported here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from imgcls.serving.versions import check_bundle

MODEL_RANGES = {"model_config_poll_seconds": (0.0, 86_400.0)}
BATCHING_RANGES = {
    "max_batch_size": (1, 1024),
    "batch_timeout_micros": (0, 60_000_000),
    "max_enqueued_requests": (1, 1_000_000),
    "num_batch_threads": (0, 1024),
}


@dataclass(frozen=True)
class ModelFlags:
    """Which models are served, and what computes them."""

    model_config_file: Path | None = None  # models.config of TensorFlow Serving, in place of bundles
    model_config_poll_seconds: float = 0.0  # between two looks at that file; 0 reads it once
    engine: Literal["auto", "tensorflow", "openvino"] = "auto"  # of the network; auto takes the faster one

    def __post_init__(self) -> None:
        check_ranges(self, MODEL_RANGES)


@dataclass(frozen=True)
class BatchingFlags:
    """How the images of several callers go through the network together."""

    max_batch_size: int = 8  # images that go through the network together
    batch_timeout_micros: int = 0  # microseconds that a request waits for others, though a batch could begin
    max_enqueued_requests: int = 1000  # that wait; further ones are refused
    num_batch_threads: int = 0  # batches that are computed at the same time; 0: as many as there are cores

    def __post_init__(self) -> None:
        check_ranges(self, BATCHING_RANGES)


def check_ranges(options: object, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Check the numbers of some flags.

    Args:
        options: The values, as attributes.
        ranges: The least and the largest value by name.

    Raises:
        ValueError: If one is outside.
    """
    for name, (least, most) in ranges.items():
        if getattr(options, name) is not None and not least <= getattr(options, name) <= most:
            flag = "--" + name.replace("_", "-")
            raise ValueError(f"{flag} is {getattr(options, name)}; expected {least} to {most}.")


def check_sources(bundles: Sequence[Path], config_file: Path | None) -> list[Path]:
    """The folders of the bundles that are named, or none where a model config file is.

    Raises:
        ValueError: If there is neither, or both, or what is no bundle.
    """
    if config_file is None and not bundles:
        raise ValueError("Name a bundle, such as saved_models/flowers, or a --model-config-file.")
    if config_file is not None and bundles:
        raise ValueError("Name bundles or a --model-config-file, not both; the file can name the bundles too.")
    if config_file is not None and not config_file.is_file():
        raise ValueError(f"--model-config-file is {config_file}; there is no such file.")
    return [check_bundle(path) for path in bundles]
