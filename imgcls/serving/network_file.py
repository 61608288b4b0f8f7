"""assets/network.json of a version: the network with its gradients, which a SavedModel alone does not give back.

It holds the config of the network, and for each weight its key in the SavedModel's own variables/, so that no weight
is stored twice. What reads the config is `imgcls.models.network_config`.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from imgcls.files import replacing
from imgcls.serving.export_format import ExportedClassifier

NETWORK = Path("assets") / "network.json"
VARIABLES = Path("variables") / "variables"
PROBLEM = "problem"  # key, in place of the config, of the reason why there is none


class StoredNetwork(NamedTuple):
    """What is needed to make a network again.

    Attributes:
        config: As `imgcls.models.network_config.network_config` gives it.
        weights: In the order of the network's weights; None for one that no answer depends on.
    """

    config: dict[str, Any]
    weights: list[np.ndarray | None]


def write_network(version: Path, classifier: ExportedClassifier) -> None:
    """Write assets/network.json, if the classifier says what is to stand in it.

    Args:
        version: The folder of the version, with the SavedModel in it.
        classifier: What was exported.
    """
    content = dict(classifier.network)
    if not content:
        return
    if PROBLEM not in content:
        keys = keys_of([np.asarray(weight) for weight in classifier.model.weights], version)
        content = {"config": content, "weights": keys}
    (version / NETWORK).parent.mkdir(exist_ok=True)
    with replacing(version / NETWORK) as partial:  # in one line, because indents would be most of it
        partial.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), "utf-8")


def keys_of(weights: Sequence[np.ndarray], version: Path) -> list[str | None]:
    """The key of each weight in variables/; None of one that is not there, because no signature needs it.

    Weights are found by their content. Where two are alike to the last bit, either serves for both.
    """
    reader = _reader(version)
    keys = {_content(reader.get_tensor(key)): key for key in sorted(_numbers(reader))}
    return [keys.get(_content(weight)) for weight in weights]


def read_network(version: Path) -> StoredNetwork:
    """Read the network of a version.

    Raises:
        ValueError: If the version was written before bundles had it, if its network cannot be made of it, or if it is
            damaged.
    """
    try:
        content = json.loads((version / NETWORK).read_text("utf-8"))
        if PROBLEM in content:
            raise ValueError(
                f"The bundle {version} gives no gradients, because {content[PROBLEM]}. Explain the run that it was "
                "exported from: python -m imgcls.explain RUN IMAGES."
            )
        return StoredNetwork(dict(content["config"]), _weights(version, content["weights"]))
    except FileNotFoundError as error:
        raise ValueError(
            f"The bundle {version} was exported without {NETWORK}, which its gradients need. Export its run again with "
            "python -m imgcls.export RUN."
        ) from error
    except (OSError, KeyError, TypeError, json.JSONDecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"{version / NETWORK} cannot be read ({error}). Export the run again.") from error


def _weights(version: Path, keys: Sequence[str | None]) -> list[np.ndarray | None]:
    reader = _reader(version)
    known = _numbers(reader)
    unknown = [key for key in keys if key is not None and key not in known]
    if unknown:
        raise KeyError(f"variables/ has no {unknown[0]!r}")
    return [None if key is None else reader.get_tensor(key) for key in keys]


def _reader(version: Path) -> Any:
    """What reads variables/. Raises ValueError if it is damaged."""
    try:
        return tf.train.load_checkpoint(str(version / VARIABLES))
    except Exception as error:  # TensorFlow has many for a file that is missing or cut off
        raise ValueError(f"{version} holds no whole SavedModel ({error}). Copy or export it again.") from error


def _numbers(reader: Any) -> set[str]:
    """The keys of the weights; what else is there is text about the objects that hold them."""
    types = reader.get_variable_to_dtype_map()
    return {key for key, dtype in types.items() if dtype != tf.string}


def _content(values: np.ndarray) -> tuple[str, tuple[int, ...], bytes]:
    values = np.ascontiguousarray(values)
    return values.dtype.name, values.shape, hashlib.sha256(values.tobytes()).digest()
