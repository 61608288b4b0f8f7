"""The models that a server answers for: REST and gRPC both find them here.

A server that only follows the newest version of one model is the smallest case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.server.observer import Observer
from imgcls.serving.server.parts import Limits, run_in_parts
from imgcls.serving.server.request_error import NOT_FOUND, RequestError
from imgcls.serving.server.served_model import ServedModel, VersionState


@dataclass(frozen=True)
class ModelSettings:
    """One model that is served.

    Attributes:
        name: In the addresses.
        folder: Of its versions, or one version, which alone is served then.
        latest: How many of the newest versions are served; 0 for all.
        versions: These versions alone; empty for what `latest` says.
        labels: Numbers of versions by label, such as {"stable": 3, "canary": 4}.
    """

    name: str
    folder: Path
    latest: int = 1
    versions: Sequence[int] = ()
    labels: Mapping[str, int] = field(default_factory=dict)


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
        outputs = run_in_parts(self.model, signature, inputs, self.limits)
        self.observer.answers(model=self.name, version=self.version, signature=signature, outputs=outputs)
        return outputs


class Models:
    """All models of a server.

    Args:
        settings: Of each model.
        limits: Of what one request may ask.
        observer: Is told what happens.
    """

    def __init__(
        self, settings: Sequence[ModelSettings], limits: Limits | None = None, observer: Observer | None = None
    ) -> None:
        self.limits = limits or Limits()
        self.observer = observer or Observer()
        self._served = ServedModel(settings[0].folder)

    @property
    def names(self) -> list[str]:
        """The names of all models."""
        return [self._served.name]

    @property
    def is_ready(self) -> bool:
        """Whether every model has a version that is served."""
        return self._served.version is not None

    def find(self, name: str, version: int | None = None, label: str | None = None) -> ServedVersion:
        """Find a version that is served.

        Args:
            name: Of the model.
            version: Its number; None for the newest, or for what the label says.
            label: Of a version; None for none.

        Raises:
            RequestError: If no such version is served.
        """
        if label is not None:
            raise RequestError(f"Unrecognized servable version label: {label}")
        number, model = self._served.find(name, version)
        return ServedVersion(name, number, model, self.limits, self.observer)

    def states(self, name: str) -> dict[int, VersionState]:
        """The state of every version that was seen, by number.

        Raises:
            RequestError: If there is no such model.
        """
        if name != self._served.name or not self._served.states:
            raise RequestError(f"Could not find any versions of model {name}", NOT_FOUND)
        return self._served.states

    def refresh(self) -> None:
        """Look at the folders once, and serve what has come."""
        self._served.refresh()

    def reload(self, settings: Sequence[ModelSettings]) -> None:
        """Serve these models in place of those until now.

        Raises:
            ValueError: If one of the settings is wrong; nothing changes then.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Take no more work, and finish what is at hand."""
