"""The models that a server answers for: REST and gRPC both find them here."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.server.core.load_version import Execution, VersionLoader
from imgcls.serving.server.core.managed_model import ManagedModel
from imgcls.serving.server.core.model_settings import ModelSettings, check_settings
from imgcls.serving.server.core.observer import Observer
from imgcls.serving.server.core.parts import Limits, run_in_parts
from imgcls.serving.server.core.running_version import RunningVersion
from imgcls.serving.server.core.version_state import VersionState
from imgcls.serving.server.core.whole_version import what_is_missing
from imgcls.serving.server.request_error import NOT_FOUND, RequestError
from imgcls.serving.signatures import EMBEDDING

log = logging.getLogger(__name__)
__all__ = ["Execution", "ModelSettings", "Models", "ServedVersion", "VersionState"]


@dataclass(frozen=True)
class ServedVersion:
    """One version of a model, in memory and ready.

    Attributes:
        name: Of the model.
        version: Its number.
        model: The SavedModel.
    """

    name: str
    version: int
    model: LoadedModel
    limits: Limits
    observer: Observer
    running: RunningVersion

    @property
    def signature_defs(self) -> Mapping[str, SignatureDef]:
        """Every signature as the SavedModel describes it, by name."""
        return self.model.signature_defs

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], seconds: float | None = None
    ) -> dict[str, np.ndarray]:
        """Call a signature and wait for the answer.

        Args:
            signature: Its name, of `signature_defs`.
            inputs: Arrays by name.
            seconds: That the caller waits at most; None for as long as it takes.

        Returns:
            The outputs by name. Strings are bytes in arrays of objects.

        Raises:
            RequestError: If it asks too much, the queue is full, or the time is over.
            tf.errors.OpError: If the inputs do not fit.
        """
        began = time.monotonic()
        outputs = self._ask(signature, inputs, None if seconds is None else began + seconds)
        self.observer.run(model=self.name, seconds=time.monotonic() - began)
        self.observer.answers(model=self.name, version=self.version, signature=signature, outputs=outputs)
        if EMBEDDING in self.signature_defs and signature != EMBEDDING:
            self.observer.images(model=self.name, version=self.version, inputs=inputs, ask=self._ask)
        return outputs

    def _ask(
        self, signature: str, inputs: Mapping[str, np.ndarray], deadline: float | None = None
    ) -> dict[str, np.ndarray]:
        run = partial(self.running.run, signature, deadline=deadline)
        return run_in_parts(self.model, signature, inputs, self.limits, run)


class Models:
    """All models of a server. It is ready when each has a version that is served.

    Args:
        settings: Of each model.
        limits: Of what one request may ask.
        observer: Is told what happens.
        execution: How the versions compute.

    Raises:
        ValueError: If the settings are wrong, or if a model has no version that can be loaded.
    """

    def __init__(
        self,
        settings: Sequence[ModelSettings],
        limits: Limits | None = None,
        observer: Observer | None = None,
        execution: Execution | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.observer = observer or Observer()
        self._loader = VersionLoader(execution or Execution(), self.observer)
        self._models: dict[str, ManagedModel] = {}  # replaced as a whole, so that readers need no lock
        self._one_change = threading.Lock()
        self.reload(settings)

    @property
    def names(self) -> list[str]:
        """The names of all models."""
        return list(self._models)

    @property
    def served(self) -> set[tuple[str, int]]:
        """Model and number of every version that is served."""
        return {(name, number) for name, model in self._models.items() for number in model.available}

    @property
    def is_ready(self) -> bool:
        """Whether every model has a version that is served."""
        return all(model.available for model in self._models.values())

    @property
    def is_loading(self) -> bool:
        """Whether a version is being loaded."""
        return any(model.is_loading for model in self._models.values())

    def find(self, name: str, version: int | None = None, label: str | None = None) -> ServedVersion:
        """Find a version that is served.

        Args:
            name: Of the model.
            version: Its number; None for the newest, or for what the label says.
            label: Of a version; None for none.

        Raises:
            RequestError: If no such version is served.
        """
        model = self._models.get(name)
        if label is not None:
            if model is None or label not in model.settings.labels:
                raise RequestError(f"Unrecognized servable version label: {label}")
            version = model.settings.labels[label]
        if model is None:
            asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise RequestError(f"Servable not found for request: {asked}", NOT_FOUND)
        number, running = model.find(version)
        return ServedVersion(name, number, running.model, self.limits, self.observer, running)

    def folder(self, name: str, version: int) -> Path | None:
        """The folder of a version; None if it is not there."""
        model = self._models.get(name)
        found = model.settings.found() if model else None
        return found.get(version) if found else None

    def states(self, name: str) -> dict[int, VersionState]:
        """The state of every version that was seen, by number.

        Raises:
            RequestError: If there is no such model.
        """
        states = self._models[name].states if name in self._models else {}
        if not states:
            raise RequestError(f"Could not find any versions of model {name}", NOT_FOUND)
        return states

    def refresh(self, wait: bool = True) -> None:
        """Look at the folders once, each in a thread of its own, and serve what has come.

        A version is loaded when a second look finds its files as the first did.

        Args:
            wait: Whether to wait until what has come is loaded.
        """
        looks = [model.look_soon() for model in self._models.values()]
        if wait:
            futures.wait(looks)

    def reload(self, settings: Sequence[ModelSettings]) -> None:
        """Serve these models in place of those until now, and wait until the new ones are ready.

        A label may be new, or it may point at a version that is AVAILABLE; it is not moved to another one before that.

        Raises:
            ValueError: If one of the settings is wrong, or a new model has no version that can be loaded; nothing
                changes then.
        """
        check_settings(settings)
        with self._one_change:
            before = self._models
            kept = {
                each.name: before[each.name]
                for each in settings
                if each.name in before and before[each.name].settings.folder == each.folder
            }
            for each in settings:
                if each.name in kept:
                    _check_labels(each, kept[each.name])
            new = {each.name: ManagedModel(each, self._load) for each in settings if each.name not in kept}
            self._start(list(new.values()))
            self._models = {each.name: (kept | new)[each.name] for each in settings}
            for each in settings:
                self._models[each.name].settings = each
            for name in set(before) - set(kept):
                before[name].let_all_go()
            for model in new.values() if before else ():  # who starts a server says what it begins with
                model.log_served()
            for model in self._models.values():
                _warn_of_missing(model)
        if kept:
            self.refresh(wait=False)

    def close(self) -> None:
        """Take no more work, and finish what is at hand."""
        for model in self._models.values():
            model.let_all_go()

    def _load(self, name: str, number: int, folder: Path) -> RunningVersion:
        """Load a version, and tell the observer."""
        began, is_loaded = time.monotonic(), False
        try:
            version = self._loader(name, number, folder)
            is_loaded = True
            return version
        finally:
            self.observer.load(folder=folder, is_loaded=is_loaded, seconds=time.monotonic() - began)

    def _start(self, models: list[ManagedModel]) -> None:
        """Load the versions of new models, all at the same time."""
        futures.wait([model.look_soon() for model in models])
        for model in models:
            if not model.available:
                raise ValueError(_why_not_served(model))


def _why_not_served(model: ManagedModel) -> str:
    """Why a model has no version that is served."""
    errors = [state.error for _, state in sorted(model.states.items()) if state.error]
    if errors:
        return errors[-1]
    folder = model.settings.folder
    if not model.states:
        return f"{folder} holds no version that is to be served. Write one with `python -m imgcls.export RUN`."
    number, missing = max(model.states), what_is_missing(folder / str(max(model.states)))
    return f"{folder} holds no whole version: {number} lacks {missing}. Copy or export it again."


def _warn_of_missing(model: ManagedModel) -> None:
    """Say which versions a model shall serve that are not there, and what is served meanwhile."""
    wanted, found = model.settings, model.settings.found() or {}
    missing = [number for number in wanted.versions if number not in found]
    if missing:
        meanwhile = sorted(wanted.chosen(found)) or model.available  # old ones are better than none
        log.warning(
            "Model %s asks for versions that are not in %s: %s. Served until they come: %s.",
            wanted.name,
            wanted.folder,
            ", ".join(map(str, missing)),
            ", ".join(map(str, meanwhile)),
        )


def _check_labels(settings: ModelSettings, model: ManagedModel) -> None:
    """Refuse to move a label to a version that does not answer yet."""
    for label, number in settings.labels.items():
        is_moved = model.settings.labels.get(label, number) != number
        if is_moved and number not in model.available:
            raise ValueError(
                f"The label {label!r} of model {settings.name!r} cannot be moved to version {number}, which is not "
                f"AVAILABLE. Load it first; the label stays at version {model.settings.labels[label]}."
            )
