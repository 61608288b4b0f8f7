"""A SavedModel in memory, and what it can be asked."""

import threading
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

from imgcls.serving.some_signatures import with_some_signatures


class LoadedModel:
    """A SavedModel, loaded to be called from any number of threads.

    Args:
        folder: The folder of the SavedModel.
        first: The names of the signatures that are loaded at once, which saves the memory of the others; they are
            loaded when one of them is asked. None for all.

    Attributes:
        signature_defs: Every signature as the file describes it, by name.

    Raises:
        ValueError: If the folder holds no whole SavedModel.
    """

    def __init__(self, folder: Path, first: Collection[str] | None = None) -> None:
        self.signature_defs = signature_defs(folder)
        self._folder = folder
        self._first = frozenset(self.signature_defs if first is None else first)
        self._one_load = threading.Lock()
        self._others: Any = None
        try:
            with nullcontext(folder) if first is None else with_some_signatures(folder, self._first) as loaded:
                self._model = tf.saved_model.load(str(loaded))  # kept: its signatures do not keep its weights
        except Exception as error:  # TensorFlow has many for a file that is missing or cut off
            raise ValueError(f"{folder} holds no whole SavedModel ({error}). Copy or export it again.") from error

    def run(self, signature: str, inputs: Mapping[str, object]) -> dict[str, np.ndarray]:
        """Call a signature.

        Args:
            signature: The name of the signature.
            inputs: Arrays by name.

        Returns:
            The outputs by name. Strings are bytes in arrays of objects.

        Raises:
            KeyError: If there is no such signature.
            tf.errors.OpError: If the inputs do not fit.
        """
        function = self.function(signature)
        types = self.signature_defs[signature].inputs
        tensors = {name: tf.constant(value, types[name].dtype) for name, value in inputs.items()}
        return {name: _array(tensor) for name, tensor in function(**tensors).items()}

    def has_loaded(self, signature: str) -> bool:
        """Whether a signature is in memory, and need not be loaded first."""
        return signature in self._first

    def function(self, signature: str) -> Any:
        """The function of TensorFlow that computes a signature.

        Args:
            signature: Its name.

        Raises:
            KeyError: If there is no such signature.
        """
        if signature in self._first or signature not in self.signature_defs:
            return self._model.signatures[signature]
        with self._one_load:
            self._others = self._others or tf.saved_model.load(str(self._folder))
            return self._others.signatures[signature]


def _array(tensor: tf.Tensor) -> np.ndarray:
    """The values of a tensor; TensorFlow gives a single string as bytes."""
    return np.asarray(tensor.numpy(), object if tensor.dtype == tf.string else None)


def signature_defs(folder: Path) -> dict[str, SignatureDef]:
    """The signatures of the SavedModel in `folder`, by name.

    Raises:
        ValueError: If there is none.
    """
    path = folder / "saved_model.pb"
    try:
        message = saved_model_pb2.SavedModel.FromString(path.read_bytes())
        return dict(message.meta_graphs[0].signature_def)
    except FileNotFoundError as error:
        raise ValueError(f"{folder} holds no SavedModel: it has no saved_model.pb. Copy or export it again.") from error
    except Exception as error:  # protobuf's own error class has no stable public name
        raise ValueError(f"{path} is damaged ({error}). Copy or export it again.") from error


def signature_shapes(folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Names, types and shapes of each signature: {"pixels": {"inputs": {"pixels": "float32 (None, 28, 28, 1)"}, ...}}.

    Raises:
        ValueError: If the folder holds no SavedModel.
    """
    return {
        name: {
            "inputs": {key: _type_and_shape(info) for key, info in sorted(definition.inputs.items())},
            "outputs": {key: _type_and_shape(info) for key, info in sorted(definition.outputs.items())},
        }
        for name, definition in sorted(signature_defs(folder).items())
        if not name.startswith("__")  # the initialisation of the SavedModel itself
    }


def _type_and_shape(info: TensorInfo) -> str:
    shape = ", ".join("None" if dim.size < 0 else str(dim.size) for dim in info.tensor_shape.dim)
    return f"{tf.as_dtype(info.dtype).name} ({shape}{',' if len(info.tensor_shape.dim) == 1 else ''})"
