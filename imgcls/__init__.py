"""imgcls: from labelled images to a served classifier, with Keras and TensorFlow.

The public names are imported when they are first used, so that `import imgcls` imports neither TensorFlow nor pandas.

TensorFlow reads its settings when it is imported, so they are made here, before any module of the package can import
it. TensorFlow uses oneDNN by itself only on processors with AVX-512; elsewhere training takes about twice as long
without it, and channels_first has no convolutions. On GPUs it turns the images for each batch normalization in 16 bits
unless it may take cuDNN's kernels for channels_last. It takes all memory of a card at once unless it may grow; then the
app and a training share one. A variable that is set already is left as it is.
"""

import importlib
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_USE_CUDNN_BATCHNORM_SPATIAL_PERSISTENT", "1")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from imgcls.keras_registration import register_layers

__version__ = "0.7.0"

if TYPE_CHECKING:
    from imgcls.config import TrainConfig as TrainConfig
    from imgcls.data.images.preprocessing import Preprocessing as Preprocessing
    from imgcls.data.manifest.table import Manifest as Manifest
    from imgcls.data.sources.load import load_manifest as load_manifest
    from imgcls.evaluation.prediction_table import PredictionTable as PredictionTable
    from imgcls.image_classifier import ImageClassifier as ImageClassifier
    from imgcls.models import build_model as build_model
    from imgcls.models import list_models as list_models
    from imgcls.models import load_model as load_model
    from imgcls.run_folder import RunFolder as RunFolder
    from imgcls.serving.client import AsyncClient as AsyncClient
    from imgcls.serving.client import Client as Client
    from imgcls.serving.predictor import Predictor as Predictor
    from imgcls.workflow.audit import audit as audit
    from imgcls.workflow.calibrate import calibrate_run as calibrate_run
    from imgcls.workflow.compare import compare_runs as compare_runs
    from imgcls.workflow.drift import find_drift as find_drift
    from imgcls.workflow.evaluate import evaluate_run as evaluate_run
    from imgcls.workflow.explanation.explain import explain_classifier as explain_classifier
    from imgcls.workflow.export import export_run as export_run
    from imgcls.workflow.import_labels import import_labels as import_labels
    from imgcls.workflow.predictor import load_predictor as load_predictor
    from imgcls.workflow.review import review_run as review_run
    from imgcls.workflow.train import resume_run as resume_run
    from imgcls.workflow.train import train_run as train_run

_ADDRESSES = {
    "ImageClassifier": "imgcls.image_classifier",
    "TrainConfig": "imgcls.config",
    "load_manifest": "imgcls.data.sources.load",
    "Manifest": "imgcls.data.manifest.table",
    "import_labels": "imgcls.workflow.import_labels",
    "audit": "imgcls.workflow.audit",
    "train_run": "imgcls.workflow.train",
    "resume_run": "imgcls.workflow.train",
    "evaluate_run": "imgcls.workflow.evaluate",
    "calibrate_run": "imgcls.workflow.calibrate",
    "compare_runs": "imgcls.workflow.compare",
    "review_run": "imgcls.workflow.review",
    "find_drift": "imgcls.workflow.drift",
    "PredictionTable": "imgcls.evaluation.prediction_table",
    "explain_classifier": "imgcls.workflow.explanation.explain",
    "export_run": "imgcls.workflow.export",
    "RunFolder": "imgcls.run_folder",
    "Predictor": "imgcls.serving.predictor",
    "load_predictor": "imgcls.workflow.predictor",
    "Client": "imgcls.serving.client",
    "AsyncClient": "imgcls.serving.client",
    "Preprocessing": "imgcls.data.images.preprocessing",
    "build_model": "imgcls.models",
    "list_models": "imgcls.models",
    "load_model": "imgcls.models",
}

__all__ = ["__version__", *_ADDRESSES]


class _Package(ModuleType):
    """The package, whose functions `audit` and `import_labels` are not hidden by the commands of the same name."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _ADDRESSES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name not in _ADDRESSES:
        raise AttributeError(f"module 'imgcls' has no attribute {name!r}; its public names are {', '.join(__all__)}.")
    return getattr(importlib.import_module(_ADDRESSES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


sys.modules[__name__].__class__ = _Package
register_layers()
