"""models.config: which models a server has, in TensorFlow Serving's own form.

model_config_list {
  config {
    name: "flowers"
    base_path: "/models/flowers"
    model_platform: "tensorflow"
    model_version_policy { specific { versions: 3 versions: 4 } }
    version_labels { key: "stable" value: 3 }
    version_labels { key: "canary" value: 4 }
  }
}
"""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig

from imgcls.serving.server.core.model_settings import ModelSettings, check_settings

log = logging.getLogger(__name__)
PLATFORM = "tensorflow"


def read_model_config(path: Path) -> list[ModelSettings]:
    """Read the models of a file.

    Args:
        path: Of the file. A `base_path` in it may be relative to its folder. One that is not there, as in a file for a
            container, is looked for by its last name beside the file.

    Raises:
        ValueError: If the file cannot be read, or asks for what cannot be served.
    """
    try:
        config = text_format.Parse(path.read_text("utf-8"), ModelServerConfig())
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no model config file of TensorFlow Serving: {error}") from error
    if config.WhichOneof("config") != "model_config_list":
        raise ValueError(f"{path} has no model_config_list; expected one with a config for each model.")
    found = [settings_of(each, path.parent) for each in config.model_config_list.config]
    check_settings(found)
    return found


def settings_of(config: ModelConfig, root: Path) -> ModelSettings:
    """What one entry asks for.

    Args:
        config: The entry.
        root: The folder that a relative `base_path` starts at, and where one that is not there is looked for.

    Raises:
        ValueError: If it lacks a name or a folder, or is for another platform.
    """
    if not config.name or not config.base_path:
        raise ValueError(f"A model has the name {config.name!r} and the base_path {config.base_path!r}; it needs both.")
    if config.model_platform not in ("", PLATFORM):
        raise ValueError(
            f"Model {config.name!r} has the model_platform {config.model_platform!r}; this server knows {PLATFORM!r}."
        )
    policy = config.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    if kind == "specific" and not policy.specific.versions:
        raise ValueError(f"Model {config.name!r} asks for specific versions and names none.")
    return ModelSettings(
        config.name,
        _folder(root, config.base_path),
        latest=0 if kind == "all" else policy.latest.num_versions or 1,
        versions=tuple(policy.specific.versions),
        labels=dict(config.version_labels),
    )


def _folder(root: Path, base_path: str) -> Path:
    """The folder of a model: that of a container, such as /models/flowers, is `root`/flowers on this machine."""
    folder, beside = root / base_path, root / Path(base_path).name
    return beside if beside.is_dir() and not folder.exists() else folder


class ConfigFileWatch:
    """Looks at a model config file again and again, and hands on what it asks for when it has changed.

    What is wrong with a file is logged once, and changes nothing; it is tried again at every look, because a label
    may wait for a version.

    Args:
        path: Of the file.
        done: What it asked for when it was read, and what is served.
        reload: Gets the settings. Raises ValueError if they are wrong.
        seconds: Between two looks.
    """

    def __init__(
        self,
        path: Path,
        done: Sequence[ModelSettings],
        reload: Callable[[Sequence[ModelSettings]], None],
        seconds: float,
    ) -> None:
        self._path, self._done, self._reload, self._seconds = path, done, reload, seconds
        self._said = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="model config", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Look once."""
        try:
            wanted = read_model_config(self._path)
            if wanted != self._done:
                self._reload(wanted)
                self._done = wanted
                log.info("%s was read again.", self._path)
            self._said = ""
        except Exception as error:  # nothing that a file holds may end the looking
            if str(error) != self._said:
                log.warning("Nothing was changed: %s", error)
            self._said = str(error)

    def close(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(self._seconds):
            self.look()
