"""A bundle of a small network with real images, and servers on free ports."""

import atexit
import copy
import functools
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc
import keras
import numpy as np
import pytest
import tensorflow as tf
import uvicorn
from keras import layers
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.layers import ClassProbabilities, Judgement, PixelStandardization
from imgcls.models.classifier import embedding_model, judgement_models, logits_model, with_judgement
from imgcls.serving.bundle import load_bundle, write_bundle
from imgcls.serving.export_format import ExportedClassifier
from imgcls.serving.parity import Reference
from imgcls.serving.server.core.model_settings import settings_of_folder
from imgcls.serving.server.core.models import Models
from imgcls.serving.server.core.parts import Limits
from imgcls.serving.server.grpc.server import GrpcServer, GrpcSettings
from imgcls.serving.server.listening import take_port
from imgcls.serving.server.monitoring.metrics import Metrics
from imgcls.serving.server.request_log import RequestLog, open_request_log
from imgcls.serving.server.rest.http import configuration, make_app
from tests.conftest import SAMPLE

CLASS_NAMES = [
    "stövel",
    "väska",
    "外套",
    "dress",
    'pull"over',
    "sandal",
    "skjorta\\",
    "sneaker",
    "trouser",
    "t-shirt 👕",
]
FEATURES = 64
PREPROCESSING = Preprocessing(28, 28, 1)


@pytest.fixture(scope="session")
def images() -> list[Path]:
    """Two real images of each class."""
    return [path for folder in sorted((SAMPLE / "test").iterdir()) for path in sorted(folder.glob("*.png"))[:2]]


@pytest.fixture(scope="session")
def classifier() -> keras.Model:
    return make_classifier(seed=1)


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory, classifier, images) -> Path:
    return export(tmp_path_factory.mktemp("saved_models"), classifier, images)


@pytest.fixture(scope="session")
def bundle(bundle_path):
    return load_bundle(bundle_path)


@pytest.fixture(scope="session")
def served_bundle(bundle_path) -> Models:
    return models_of(bundle_path.parent)


@pytest.fixture(scope="session")
def half_plus_three(tmp_path_factory) -> Path:
    """The model of TensorFlow Serving's own documentation, in version 123."""
    folder = tmp_path_factory.mktemp("models") / "half_plus_three"
    save_linear(folder / "123", 0.5, 3.0)
    return folder


def make_classifier(seed: int) -> keras.Model:
    """Two convolutions between the input layers and the head that every classifier has."""
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((28, 28, 1), name="pixels")
    x = PixelStandardization((72.9,), (90.0,), preprocessing=PREPROCESSING.to_dict(), name="standardization")(pixels)
    for filters in (16, FEATURES):
        x = layers.Conv2D(filters, 3, 2, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D(name="embedding")(x)
    x = layers.Dense(len(CLASS_NAMES), name="logits")(x)
    return keras.Model(pixels, ClassProbabilities(CLASS_NAMES, name="probabilities")(x), name="small")


@pytest.fixture(scope="session")
def judged(classifier, images) -> keras.Model:
    """The same classifier with a judgement that gives every kind of answer on the images."""
    pixels = np.stack([outcome.result for outcome in read_images(images, PREPROCESSING)])
    embedding = np.asarray(embedding_model(classifier)(pixels))
    bank = embedding[2:] / np.linalg.norm(embedding[2:], axis=1, keepdims=True)
    layer = Judgement(len(CLASS_NAMES), "aps", unknown_method="knn", unknown_shapes={"bank": bank.shape})
    confidence = np.asarray(classifier(pixels)).max(axis=1)
    strange = np.sort(np.asarray(layer_scores(layer, bank, embedding)))
    layer.assign(
        {
            "thresholds": np.full(len(CLASS_NAMES), (np.sort(confidence)[9] + np.sort(confidence)[10]) / 2),
            "quantiles": np.full(len(CLASS_NAMES), 0.4),
            "unknown_threshold": (strange[-2] + strange[-3]) / 2,
        }
    )
    return with_judgement(classifier, 1.0, layer)


def layer_scores(layer: Judgement, bank: np.ndarray, embedding: np.ndarray) -> np.ndarray:
    layer.assign({"unknown_bank": bank})
    return np.asarray(layer.strangeness(np.zeros((len(embedding), len(CLASS_NAMES)), np.float32), embedding))


@pytest.fixture(scope="session")
def judged_path(tmp_path_factory, judged, images) -> Path:
    """A bundle in every format; that one is named twice, and the SavedModel too, changes nothing."""
    formats = ["openvino", "saved_model", "openvino", "onnx", "litert"]
    return export(tmp_path_factory.mktemp("judged"), judged, images, formats)


@pytest.fixture(scope="session")
def judged_bundle(judged_path):
    return load_bundle(judged_path)


@pytest.fixture(scope="session")
def served_judged(judged_path) -> Models:
    return models_of(judged_path.parent)


def exported(model: keras.Model) -> ExportedClassifier:
    return ExportedClassifier(
        model,
        embedding_model(model),
        CLASS_NAMES,
        PREPROCESSING,
        logits_model(model),
        judgement_models(model),
        {"set_method": "aps"},
        architecture="small",
        config='name = "clothing"\n',
        licence="MIT",
    )


def export(output: Path, model: keras.Model, images: list[Path], formats: Sequence[str] = ()) -> Path:
    parts = judgement_models(model)
    judge = functools.partial(judge_pixels, parts) if parts else None
    return write_bundle(output, "clothing", exported(model), Reference(model, images, judge), formats)


def judge_pixels(parts: dict[str, keras.Model], pixels: np.ndarray) -> dict[str, np.ndarray]:
    """What a model's own judgement says, with names."""
    found = {name: np.asarray(part(pixels, training=False)) for name, part in parts.items()}
    names = np.array([*CLASS_NAMES, "not sure", "none of these"], object)
    return {**found, "decision": names[found["decision"]]}


def save_linear(folder: Path, slope: float, offset: float) -> None:
    """A SavedModel of slope * x + offset, whose files are as new as if they were written now."""
    shutil.copytree(_linear(slope, offset), folder, copy_function=shutil.copy, dirs_exist_ok=True)


@functools.cache
def _linear(slope: float, offset: float) -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    module = tf.Module()
    module.slope = tf.Variable(slope)
    module.call = tf.function(
        lambda x: {"y": module.slope * x + offset}, input_signature=[tf.TensorSpec((None,), tf.float32, "x")]
    )
    tf.saved_model.save(module, str(folder), signatures=module.call)
    return folder


def models_of(folder: Path, limits: Limits | None = None) -> Models:
    """One model, under the name of its folder."""
    return Models([settings_of_folder(folder)], limits, Metrics())


def limited(models: Models, limits: Limits) -> Models:
    """The same models under other limits."""
    other = copy.copy(models)
    other.limits = limits
    return other


@contextmanager
def serving(models: Models, uvicorn_options=None, **options):
    """Serve models from a thread; yields the address."""
    place = options["options"].access_log if "options" in options else ""
    with open_request_log(place) as log:
        app = make_app(models, **{"most_bytes": 1 << 20, "threads": 4, "poll_seconds": 0.1, "log": log, **options})
        with _running(uvicorn.Server(configuration(app, **(uvicorn_options or {})))) as address:
            yield address


@contextmanager
def _running(server: uvicorn.Server):
    listener = take_port("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def serving_grpc(models: Models, log: RequestLog | None = None, **settings):
    """Serve models over gRPC from this process; yields host and port."""
    server = GrpcServer(models, GrpcSettings(**{"port": 0, "most_bytes": 1 << 20, **settings}), log)
    server.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.stop(0)


@contextmanager
def grpc_stubs(place: str, channel=None):
    """PredictionService and ModelService at host and port."""
    with channel or grpc.insecure_channel(place) as open_channel:
        yield (
            prediction_service_pb2_grpc.PredictionServiceStub(open_channel),
            model_service_pb2_grpc.ModelServiceStub(open_channel),
        )
