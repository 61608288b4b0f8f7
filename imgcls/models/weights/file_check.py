"""Whether a weight file is what its name says and of the right network, from its header, before anything is built."""

import json
import zipfile
from pathlib import Path

import h5py

from imgcls.models.kept_network import kept
from imgcls.models.registry import Architecture, registered
from imgcls.models.weights.state_dict import READERS, read_state_dict

KINDS = (".keras", ".h5", *READERS)
LAYERS = {"standardization", "embedding", "logits", "probabilities"}  # that every classifier of ours has


def check_weight_file(path: Path, architecture: Architecture | None) -> None:
    """Refuse, in one sentence, a file that cannot start this network.

    Args:
        path: Of the file.
        architecture: None where it is not settled yet; then only the kind of the file is looked at.

    Raises:
        ValueError: For a file of another kind or network.
        FileNotFoundError: If there is no such file.
    """
    if path.suffix not in KINDS:
        raise ValueError(f"{path} is no weight file; expected one that ends in {', '.join(KINDS)}.")
    if not path.is_file():
        raise FileNotFoundError(f"No weight file at {path}. Expected one that ends in {', '.join(KINDS)}.")
    if path.suffix == ".keras":
        check_saved_classifier(path, architecture.name if architecture else "")
    elif path.suffix == ".h5":
        _check_twin(path, architecture)
    elif architecture:
        read_state_dict(architecture, path)
    else:
        READERS[path.suffix](path)


def check_saved_classifier(path: Path, name: str = "") -> None:
    """Raise ValueError if the file holds no classifier of ours, or another network than the one called `name`."""
    try:
        with zipfile.ZipFile(path) as archive:
            model = json.loads(archive.read("config.json"))["config"]
            found, layers = model["name"], {layer["name"] for layer in model["layers"]}
            archive.getinfo("model.weights.h5")
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no classifier that imgcls saved ({error}). Name another file.") from error
    if not layers >= LAYERS:
        raise ValueError(f"{path} is no classifier that imgcls saved: it has no layer 'logits'. Name another file.")
    if name and found != name:
        raise ValueError(f"{path} holds a {found}; expected a {name}. {model_of_classifier(path, found)}")


def model_of_classifier(path: Path, name: str) -> str:
    """A sentence that says which --model a classifier of ours is of.

    Args:
        path: Of the classifier.
        name: Of its network. That of a user's own network says nothing to --model; its run folder has a copy.
    """
    model = name if name in registered() else kept(path.parent)
    if model:
        return f"Choose --model {model} --weights {path}."
    return (
        f"Choose --weights {path}, and for --model the network that it was made from; config.toml of its run names it."
    )


def _check_twin(path: Path, architecture: Architecture | None) -> None:
    published = architecture.weights.get("imagenet") if architecture else None
    is_twin = published is not None and published.source.startswith("keras.applications")
    if architecture and not architecture.is_foreign and not is_twin:
        raise ValueError(
            f"{path} is a file of keras.applications, which has no {architecture.name}. Expected one that ends in "
            f"{', '.join(kind for kind in KINDS if kind != '.h5')}."
        )
    if not h5py.is_hdf5(path):
        raise ValueError(f"{path} is no HDF5 file. Expected the .h5 file of a network in keras.applications.")
