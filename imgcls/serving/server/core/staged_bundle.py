"""A bundle in two steps: images to pixels, pixels through the network; each joins the requests of all callers.

While a batch goes through the network, the images of the next one are decoded. The network may be computed by another
engine than TensorFlow; the images are read by the bundle's own signature in any case.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from imgcls.engines.engine import EMBEDDING as FEATURES
from imgcls.engines.engine import PREDICTION_SET, PROBABILITIES, Engine
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.server.core.announced import announced_pixels
from imgcls.serving.server.core.batch_queue import Arrays, Batching, BatchQueue
from imgcls.serving.server.core.ranked import cut, in_places, ranked
from imgcls.serving.signatures import (
    CLASSES,
    EMBEDDING,
    IMAGE_BYTES,
    NONE_OF_THESE,
    NOT_SURE,
    OUTPUTS,
    PIXELS,
    PREPROCESS,
)

DECODED_TOGETHER = 8  # images of at most a megapixel; as many as the graph decodes in parallel
OPENVINO_TOGETHER = 4  # images; it computes one as fast as many, and each size anew takes it 50 to 400 ms
PROBLEM = "problem"
TOP_K, K = "top_k", "k"  # the signature that gives the likeliest classes alone, and its second input
STEPS = (CLASSES, EMBEDDING, TOP_K, PIXELS, OUTPUTS)  # the signatures that are computed in steps


def is_staged(signature_defs: Mapping[str, SignatureDef]) -> bool:
    """Whether a SavedModel is a bundle with the two steps as signatures."""
    return {PREPROCESS, OUTPUTS, PIXELS} <= set(signature_defs) and PROBABILITIES in signature_defs[OUTPUTS].outputs


class StagedBundle:
    """The signatures of a bundle, computed in steps.

    Args:
        model: The SavedModel.
        engine: What computes the network, with all the outputs of the signature "outputs".
        class_names: The names of the outputs, in order.
        batching: How requests are joined.
        on_batch: Gets the rows of each batch that goes through the network, and the seconds that it waited.
    """

    def __init__(
        self,
        model: LoadedModel,
        engine: Engine,
        class_names: list[str],
        batching: Batching,
        on_batch: Callable[[int, float], None],
    ) -> None:
        self.engine, self._model = engine, model
        self._definitions = model.signature_defs
        self._names = np.array([name.encode() for name in [*class_names, NOT_SURE, NONE_OF_THESE]], object)
        self._pixels = tuple(dim.size for dim in self._definitions[PIXELS].inputs[PIXELS].tensor_shape.dim[1:])
        if engine.name == "OpenVINO":
            batching = replace(batching, max_batch_size=min(batching.max_batch_size, OPENVINO_TOGETHER))
        self._most = batching.max_batch_size
        decoding = replace(batching, max_batch_size=DECODED_TOGETHER)
        self._decode = BatchQueue(
            lambda inputs: model.run(PREPROCESS, inputs), decoding, lambda rows, waited: None, _megapixels
        )
        self._network = BatchQueue(lambda inputs: engine.predict(inputs[PIXELS]), batching, on_batch)
        self._has_one_step = engine.name == "TensorFlow" and model.has_loaded(CLASSES)

    def takes(self, signature: str) -> bool:
        """Whether a signature is computed in steps."""
        return signature in STEPS and signature in self._definitions

    def is_one_step(self, signature: str, inputs: Arrays) -> bool:
        """Whether the signature itself is as good as the steps where nobody else asks: for one image."""
        return (
            self._has_one_step
            and signature == CLASSES
            and self._fits(signature, inputs)
            and len(inputs[IMAGE_BYTES]) == 1
        )

    def warm_up(self) -> None:
        """Compute a batch of each size, which some engines prepare for."""
        for count in range(1, self._most + 1):
            self._network.run({PIXELS: self._black(count)}, None)

    def run(self, signature: str, inputs: Arrays, deadline: float | None) -> dict[str, np.ndarray]:
        """Compute a signature.

        Args:
            signature: One of `STEPS`.
            inputs: Arrays by name.
            deadline: Of `time.monotonic`, until when the caller waits.

        Returns:
            What the signature of the SavedModel gives.

        Raises:
            tf.errors.OpError: If the inputs do not fit.
        """
        if not self._fits(signature, inputs):
            self._refuse(inputs)
        if PIXELS in inputs:
            pixels = inputs[PIXELS].astype(np.float32, copy=False)
            outputs = self._computed(pixels, deadline)
            return self._typed(signature, outputs if signature == OUTPUTS else ranked(outputs, self._names))
        read = self._decode.run({IMAGE_BYTES: inputs[IMAGE_BYTES]}, deadline)
        problem, count = read[PROBLEM], len(read[PROBLEM])
        places = np.flatnonzero(problem == b"")
        pixels = read[PIXELS] if len(places) == count else read[PIXELS][places]
        found = self._answers(signature, self._computed(pixels, deadline), inputs)
        rows = {name: in_places(array, places, count) for name, array in found.items()}
        answers = {**rows, PROBLEM: problem}
        return self._typed(signature, cut(answers, inputs[K]) if signature == TOP_K else answers)

    def _fits(self, signature: str, inputs: Arrays) -> bool:
        if set(inputs) != set(self._definitions[signature].inputs):
            return False
        if PIXELS in inputs:
            return inputs[PIXELS].dtype.kind in "fiub" and inputs[PIXELS].shape[1:] == self._pixels
        images = inputs[IMAGE_BYTES]
        is_one_for_each = K not in inputs or (inputs[K].shape == images.shape and inputs[K].dtype.kind in "iu")
        return images.ndim == 1 and (images.dtype.kind in "OS" or not len(images)) and is_one_for_each

    def _refuse(self, inputs: Arrays) -> None:
        """Raise what the graph says of inputs that do not fit; each step begins as its signatures do."""
        if PIXELS in inputs:
            self._model.run(OUTPUTS, {PIXELS: inputs[PIXELS]})
        elif IMAGE_BYTES in inputs:
            self._model.run(PREPROCESS, {IMAGE_BYTES: inputs[IMAGE_BYTES]})
        expected = "each input of the signature, with a row for each image"
        raise tf.errors.InvalidArgumentError(None, None, f"The inputs are {', '.join(inputs)}; expected {expected}.")

    def _computed(self, pixels: np.ndarray, deadline: float | None) -> dict[str, np.ndarray]:
        """The outputs of the network; of no images, those of a black one without its row."""
        some, size = pixels if len(pixels) else self._black(1), self._most
        chunks = [
            self._network.run({PIXELS: some[begin : begin + size]}, deadline) for begin in range(0, len(some), size)
        ]
        if len(chunks) == 1:
            return {name: array[: len(pixels)] for name, array in chunks[0].items()}
        return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}

    def _black(self, count: int) -> np.ndarray:
        return np.zeros((count, *self._pixels), np.float32)

    def _answers(self, signature: str, outputs: Arrays, inputs: Arrays) -> dict[str, np.ndarray]:
        if signature == EMBEDDING:
            return {EMBEDDING: outputs[FEATURES]}
        if signature != TOP_K:
            return ranked(outputs, self._names)
        found = ranked(outputs, self._names, max(1, int(inputs[K].max(initial=1))))
        found.pop(PREDICTION_SET, None)  # it would be cut off
        return found

    def _typed(self, signature: str, found: Arrays) -> dict[str, np.ndarray]:
        """The arrays in the types that the signature announces; an engine may give others."""
        types = {name: tf.as_dtype(info.dtype) for name, info in self._definitions[signature].outputs.items()}
        return {
            name: found[name] if dtype == tf.string else found[name].astype(dtype.as_numpy_dtype, copy=False)
            for name, dtype in types.items()
        }


def _megapixels(inputs: Arrays) -> int:
    """Begun megapixels of the images, as their files announce them: what is decoded at the same time takes memory."""
    return sum(1 + announced_pixels(data) // 1_000_000 for data in inputs[IMAGE_BYTES])
