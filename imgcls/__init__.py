"""imgcls: from labelled images to a served classifier, with Keras and TensorFlow.

The public names are imported when they are first used, so that `import imgcls` imports neither TensorFlow nor pandas.

TensorFlow reads its settings when it is imported, so they are made here, before any module of the package can import
it. TensorFlow uses oneDNN by itself only on processors with AVX-512; elsewhere training takes about twice as long
without it, and channels_first has no convolutions. A variable that is set already is left as it is.
"""

import importlib
import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from imgcls.keras_registration import register_layers

__version__ = "0.2.0"

_ADDRESSES = {
    "Manifest": "imgcls.data.manifest.table",
    "load_manifest": "imgcls.data.sources.load",
    "Preprocessing": "imgcls.data.images.preprocessing",
    "build_model": "imgcls.models",
    "list_models": "imgcls.models",
    "load_model": "imgcls.models",
    "TrainConfig": "imgcls.config",
    "Predictor": "imgcls.serving.predictor",
    "Client": "imgcls.serving.client",
}

__all__ = ["__version__", *_ADDRESSES]


def __getattr__(name: str):
    if name not in _ADDRESSES:
        raise AttributeError(f"module 'imgcls' has no attribute {name!r}; its public names are {', '.join(__all__)}.")
    return getattr(importlib.import_module(_ADDRESSES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


register_layers()
