"""A version from its folder into memory, warm before the first request reaches it."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import tensorflow as tf

from imgcls.serving.details import read_details
from imgcls.serving.loaded_model import LoadedModel, signature_defs
from imgcls.serving.server.core.batch_queue import Batching
from imgcls.serving.server.core.engine_choice import OPENVINO, TENSORFLOW, choose_engine, comparison_pixels
from imgcls.serving.server.core.observer import Observer
from imgcls.serving.server.core.running_version import RunningVersion
from imgcls.serving.server.core.staged_bundle import STEPS, StagedBundle, is_staged
from imgcls.serving.server.memory import give_back_memory
from imgcls.serving.signatures import CLASSES, OUTPUTS
from imgcls.serving.tensorflow_errors import reason
from imgcls.serving.warmup import Request, read_warmup


@dataclass(frozen=True)
class Execution:
    """How versions compute.

    Attributes:
        engine: What computes the network of a bundle: "tensorflow", "openvino", or "auto" for the faster one.
        batching: How requests are joined.
    """

    engine: str = TENSORFLOW
    batching: Batching = field(default_factory=Batching)


@dataclass(frozen=True)
class VersionLoader:
    """Loads versions.

    Attributes:
        execution: How they compute.
        observer: Is told of every batch.
    """

    execution: Execution
    observer: Observer

    def __call__(self, name: str, number: int, folder: Path) -> RunningVersion:
        """Load a version and replay its warm-up requests.

        Args:
            name: Of the model.
            number: Of the version.
            folder: Of the version.

        Raises:
            ValueError: If either fails.
        """

        def on_batch(rows: int, waited: float) -> None:
            self.observer.batch(model=name, version=number, rows=rows, waited=waited)

        definitions, requests = signature_defs(folder), list(read_warmup(folder))
        batching, in_one_step = self.execution.batching, {CLASSES} if self.execution.engine != OPENVINO else set()
        first = set(definitions) - set(STEPS) | {OUTPUTS} | in_one_step
        model = LoadedModel(folder, first if is_staged(definitions) else None)
        staged, note = None, ""
        if is_staged(model.signature_defs):
            pixels = partial(comparison_pixels, model, requests)
            chosen = choose_engine(model, folder, self.execution.engine, pixels)
            note = chosen.why
            names = read_details(folder)["class_names"]
            staged = StagedBundle(model, chosen.engine, names, batching, on_batch)
        version = RunningVersion(model, batching, staged, on_batch)
        version.note = note
        warm_up(version, requests, folder)
        if staged is not None and chosen.engine.name == "OpenVINO":
            staged.warm_up()
        give_back_memory()
        return version


def warm_up(version: RunningVersion, requests: list[Request], folder: Path) -> None:
    """Answer the warm-up requests of a version.

    Raises:
        ValueError: If one of them fails.
    """
    for signature, inputs in requests:
        try:
            version.warm_up(signature, inputs)  # type: ignore[arg-type]
        except (tf.errors.OpError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"A warm-up request of {folder} for {signature!r} fails: {reason(error)}") from error
