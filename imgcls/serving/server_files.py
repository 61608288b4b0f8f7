"""The files that TensorFlow Serving is started with: batching.config, monitoring.config, models.config.

They lie beside the bundles, in saved_models/, where a server finds them with the bundles:

  tensorflow_model_server --model_config_file=/models/models.config --enable_batching=true
    --batching_parameters_file=/models/batching.config --monitoring_config_file=/models/monitoring.config

An export writes each that is missing. One that is there is written again as long as it is as an export left it, which
the checksum in its first line says; what an operator has changed stays as it is.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from imgcls.files import replacing
from imgcls.serving.versions import is_version, versions

MODELS_CONFIG = "models.config"
SERVER_FILES = ("batching.config", "monitoring.config", MODELS_CONFIG)
STABLE, CANARY = "stable", "canary"  # the labels of versions
ROOT = "/models"  # where the official image expects the folder of all bundles

BATCHING = """\
# How TensorFlow Serving puts requests together and takes them apart: the message BatchingParameters.
# A request may have 1,000 images, as with `python -m imgcls.serve`; at most 32 go through the network at once, which
# bounds the memory: an image costs some 6 MB at 224 x 224 pixels.
max_batch_size { value: 1000 }
enable_large_batch_splitting { value: true }
max_execution_batch_size { value: 32 }
batch_timeout_micros { value: 1000 }  # that an image waits for others
max_enqueued_batches { value: 64 }  # what comes then is refused (503), not kept
num_batch_threads { value: 2 }  # batches at once; as many as the machine has cores for
"""
MONITORING = """\
# Figures for Prometheus at http://127.0.0.1:8501/monitoring/prometheus/metrics: the message MonitoringConfig.
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""
_MODELS = """\
# The bundles of this folder: the message ModelServerConfig. A request may name a label instead of a version:
# /v1/models/NAME/labels/stable:predict. "canary" is the newest version; "stable" stays where it is until you move it.
# A request that names neither gets the newest version that is listed.
"""
_FIRST = "# Written by `python -m imgcls.export`, which leaves it alone once you change it (checksum "
_FIRST_LINE = re.compile(re.escape(_FIRST) + r"(?P<checksum>[0-9a-f]{16})\)\n")


def write_server_files(folder: Path) -> None:
    """Write the three files into the folder of all bundles.

    Args:
        folder: The folder, such as saved_models; its bundles get an entry each in models.config.

    Raises:
        OSError: If the folder may not be written.
    """
    texts = (BATCHING, MONITORING, models_text(folder, read_labels(folder)))
    for name, text in zip(SERVER_FILES, texts, strict=True):
        if not is_changed(folder / name):
            _write(folder / name, text)


def is_changed(path: Path) -> bool:
    """Whether a file is there and not as an export left it."""
    if not path.exists():
        return False
    first, _, text = path.read_text("utf-8", errors="replace").partition("\n")
    found = _FIRST_LINE.fullmatch(first + "\n")
    return found is None or found["checksum"] != _checksum(text)


def read_labels(folder: Path) -> dict[str, dict[str, int]]:
    """The versions by label that models.config gives each model; empty where there is no such file or a damaged one."""
    try:
        text = (folder / MODELS_CONFIG).read_text("utf-8")
        found = text_format.Parse(text, ModelServerConfig()).model_config_list.config
    except (OSError, UnicodeDecodeError, text_format.ParseError):
        return {}
    return {config.name: dict(config.version_labels) for config in found}


def models_text(folder: Path, before: Mapping[str, Mapping[str, int]]) -> str:
    """The text of models.config for all bundles in a folder.

    Args:
        folder: The folder of all bundles.
        before: The versions by label that each had; "stable" stays as long as its version is there.
    """
    entries = [_entry(name, numbers, before.get(name, {})) for name, numbers in _bundles(folder).items()]
    return f"{_MODELS}model_config_list {{\n{''.join(entries)}}}\n"


def _bundles(folder: Path) -> dict[str, list[int]]:
    """The numbers of the versions of each bundle, ascending."""
    found = {path.name: versions(path) for path in sorted(folder.iterdir()) if path.is_dir()}
    whole = {name: [number for number, path in each.items() if is_version(path)] for name, each in found.items()}
    return {name: numbers for name, numbers in whole.items() if numbers}


def _entry(name: str, numbers: list[int], before: Mapping[str, int]) -> str:
    canary = numbers[-1]
    stable = before.get(STABLE, canary)
    stable = stable if stable in numbers else canary
    listed = " ".join(f"versions: {number}" for number in sorted({stable, canary}))
    return f"""\
  config {{
    name: "{name}"
    base_path: "{ROOT}/{name}"
    model_platform: "tensorflow"
    model_version_policy {{ specific {{ {listed} }} }}
    version_labels {{ key: "{STABLE}" value: {stable} }}
    version_labels {{ key: "{CANARY}" value: {canary} }}
  }}
"""


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_text(f"{_FIRST}{_checksum(text)})\n{text}", "utf-8")


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
