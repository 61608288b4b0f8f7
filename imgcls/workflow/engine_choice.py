"""Which engine computes the network when many images are predicted."""

from importlib.util import find_spec

import numpy as np
import tensorflow as tf

from imgcls.engines.engine import PROBABILITIES, Engine
from imgcls.serving.bundle import Bundle, load_format
from imgcls.serving.formats.saved_model import SavedModelEngine
from imgcls.serving.predictor import Predictor
from imgcls.serving.signatures import OUTPUTS

AUTO, TENSORFLOW, OPENVINO = "auto", "tensorflow", "openvino"
BATCH = 8  # images, which OpenVINO computes several batches of at a time; 4 to 16 take the same time, 32 a tenth more
COMPARED = 8  # images of noise on which the engines are compared
TOLERANCE = 1e-4  # of a probability


def choose_engine(predictor: Predictor, name: str = AUTO) -> Predictor:
    """The same predictor with the engine that is asked for.

    Args:
        predictor: Of a run, a bundle or an architecture, with TensorFlow's engine.
        name: "openvino", which a bundle holds or TensorFlow's network is converted to; "tensorflow"; "auto" takes
            OpenVINO if the bundle holds it and it is installed here; or another format that a bundle holds, such as
            "onnx" or "openvino-int8", as it was proved when it was exported.

    Returns:
        A predictor that reads images in the same way.

    Raises:
        ValueError: OpenVINO is asked for and is not installed, cannot take this network, or computes something else;
            or there is no such format here, or its package is not installed.
    """
    if name not in (AUTO, TENSORFLOW, OPENVINO):
        return _computed_by(predictor, _of_format(predictor, name))
    held = isinstance(predictor, Bundle) and OPENVINO in predictor.details.get("formats", {})
    installed = find_spec("openvino") is not None
    if name == TENSORFLOW or (name == AUTO and not (held and installed and not _has_gpu())):
        return predictor
    if not installed:
        raise ValueError("--engine openvino needs OpenVINO: pip install 'imgcls[openvino]'. TensorFlow does without.")
    found = _of_bundle(predictor) if held and isinstance(predictor, Bundle) else _converted(predictor)
    check_alike(found, predictor)
    return _computed_by(predictor, found)


def _computed_by(predictor: Predictor, engine: Engine) -> Predictor:
    if isinstance(predictor, Bundle) and isinstance(predictor.engine, SavedModelEngine):
        predictor.model = predictor.engine.model  # which goes on decoding
    predictor.engine = engine
    return predictor


def _of_format(predictor: Predictor, name: str) -> Engine:
    if not isinstance(predictor, Bundle):
        raise ValueError(
            f"--engine is {name}; a run or a network's name is computed by tensorflow or openvino. Name a bundle that "
            "was exported with --format for the others."
        )
    return load_format(predictor.path, name)


def check_alike(found: Engine, predictor: Predictor) -> None:
    """Raise ValueError if an engine gives other probabilities than the predictor's own."""
    size = predictor.preprocessing
    shape = (COMPARED, size.height, size.width, size.channels)
    pixels = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    one, other = (engine.predict(pixels)[PROBABILITIES] for engine in (found, predictor.engine))
    difference = float(np.abs(one - other).max())
    if not difference <= TOLERANCE:
        raise ValueError(
            f"{found.name} gives probabilities that differ by {difference:.2g} from TensorFlow's; at most {TOLERANCE} "
            "is taken. Predict with --engine tensorflow."
        )


def _of_bundle(bundle: Bundle) -> Engine:
    from imgcls.engines.openvino import OpenVINOEngine, read_network
    from imgcls.serving.formats.openvino import FILE

    return OpenVINOEngine(read_network(bundle.path / OPENVINO / FILE), batch_size=BATCH)


def _converted(predictor: Predictor) -> Engine:
    from imgcls.engines.openvino import OpenVINOEngine
    from imgcls.engines.openvino_signature import convert_signature

    function = _function(predictor.engine)
    try:
        network = convert_signature(function)
    except Exception as error:  # OpenVINO raises its own kinds
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise ValueError(f"OpenVINO cannot take this network ({reason}). Predict with --engine tensorflow.") from error
    return OpenVINOEngine(network, batch_size=BATCH)


def _function(engine: Engine) -> object:
    """The concrete function of TensorFlow that an engine computes."""
    if isinstance(engine, SavedModelEngine):
        if OUTPUTS not in engine.model.signature_defs:
            raise ValueError(
                f"The bundle is from before it had the signature {OUTPUTS!r}. Export its run again, or predict with "
                "--engine tensorflow."
            )
        return engine.model.function(OUTPUTS)
    return engine.function.get_concrete_function()  # type: ignore[attr-defined]


def _has_gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))
