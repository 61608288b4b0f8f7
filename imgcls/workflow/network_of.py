"""The network to look into of what a user names: a run, a bundle, or an architecture with published weights."""

from pathlib import Path

import keras

from imgcls.explain.network import Network
from imgcls.models import build_model, load_model
from imgcls.models.classifier import class_names, preprocessing
from imgcls.models.network_config import network_config, network_from_config
from imgcls.run_folder import RunFolder
from imgcls.serving.network_file import PROBLEM, read_network
from imgcls.serving.versions import find_version
from imgcls.workflow.sources import is_bundle


def network_of(source: str | Path) -> Network:
    """The network of a run folder, of an exported bundle, or of an architecture with its ImageNet weights.

    Args:
        source: Folder of a run or bundle, or a name such as "efficientnet_lite0".

    Raises:
        ValueError: If the run has no model yet, if the bundle does not hold what is needed, or if there is neither a
            folder nor an architecture of that name.

    Example:
        ::

            network_of("saved_models/photos-1").layer("").shape
    """
    path = Path(source)
    if not path.is_dir():
        return Network(build_model(str(source), weights="imagenet"))
    if is_bundle(path):
        return Network(model_of_bundle(find_version(path)))
    return Network(load_model(RunFolder(path).require_model()))


def model_of_bundle(version: Path) -> keras.Model:
    """The classifier that a version of a bundle was exported from, in channels_last and without a training state.

    Args:
        version: The folder of the version.

    Raises:
        ValueError: If the bundle does not hold what is needed, or if what it holds is damaged or not allowed.
    """
    stored = read_network(version)
    try:
        model = network_from_config(stored.config, stored.weights)
        class_names(model), preprocessing(model)
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise ValueError(
            f"The network of the bundle {version} is not made, because {error}. Export its run again."
        ) from error
    return model


def network_or_problem(model: keras.Model) -> dict[str, object]:
    """What assets/network.json says of a network: its config, or the reason why it cannot be made again.

    Args:
        model: The classifier that is exported.
    """
    try:
        return network_config(model)
    except ValueError as error:
        return {PROBLEM: str(error)}
