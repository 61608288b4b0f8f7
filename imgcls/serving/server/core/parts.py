"""A request for a bundle, refused if it asks too much, and worked off in parts whose size bounds the memory.

An image of one pixel in 70 bytes becomes a whole image of the network's size, and a small file may announce a
hundred million pixels. So what counts is pixels: those that a file announces, and those that the network sees of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np

from imgcls.counted import counted
from imgcls.data.inspection.facts import LARGE, ONE_LARGE
from imgcls.image_files import MOST_PIXELS, TooLarge
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.server.core.announced import announced_pixels
from imgcls.serving.server.core.answer_size import check_answer
from imgcls.serving.server.request_error import TOO_LARGE, RequestError
from imgcls.serving.signatures import IMAGE_BYTES, PIXELS

NETWORK_PIXELS = 32 * 224 * 224  # of a part; its feature maps take some 6 MB for each 224 x 224
Run = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]  # from inputs to outputs

PROBLEM = "problem"  # the output that says why an image was not read


@dataclass(frozen=True)
class Limits:
    """What one request may ask.

    Attributes:
        instances: Images in it; as many as TensorFlow Serving takes with batching and its defaults.
        pixels: Over all its images, each counted as what its file announces, or as what the network sees if that is
            more.
        answer_bytes: Of what it is answered, as arrays: room for the pixels of a hundred images of 224 x 224.
    """

    instances: int = 1000
    pixels: int = 1_000_000_000
    answer_bytes: int = 64 << 20


def network_size(model: LoadedModel) -> tuple[int, int] | None:
    """Height and width of the pixels that a bundle's network sees; None for a model that is no bundle of ours."""
    if PIXELS not in model.signature_defs or PIXELS not in model.signature_defs[PIXELS].inputs:
        return None
    sizes = [dim.size for dim in model.signature_defs[PIXELS].inputs[PIXELS].tensor_shape.dim]
    return (sizes[1], sizes[2]) if len(sizes) == 4 and min(sizes[1:3]) > 0 else None


def check_count(request: Mapping[str, object], limits: Limits) -> None:
    """Check the number of images in a request, before any of them is unpacked.

    Raises:
        RequestError: If there are too many.
    """
    inputs = request.get("inputs")
    for images in (request.get("instances"), *(inputs.values() if isinstance(inputs, dict) else [inputs])):
        if isinstance(images, list):
            _check_rows(len(images), limits)


def _check_rows(count: int, limits: Limits) -> None:
    if count > limits.instances:
        raise RequestError(
            f"Task size {count} is larger than maximum input batch size {limits.instances}. Send fewer images at once, "
            "or start the server with a larger --max-instances."
        )


def run_in_parts(
    model: LoadedModel, signature: str, inputs: Mapping[str, np.ndarray], limits: Limits, run: Run | None = None
) -> dict[str, np.ndarray]:
    """Call a signature of a bundle on one part of the batch after the other; of another model, on all of it.

    An image that announces more than any may is not decoded; its problem says so.

    Args:
        model: The SavedModel.
        signature: The name of the signature.
        inputs: Arrays by name.
        limits: Of the request.
        run: Calls the signature on inputs; None for the model's own.

    Returns:
        What `LoadedModel.run` gives.

    Raises:
        RequestError: If there are more pixels than `limits` allows, or the answer would be too large.
        tf.errors.OpError: If the inputs do not fit.
    """
    run = run or partial(model.run, signature)
    size, name = network_size(model), IMAGE_BYTES if IMAGE_BYTES in inputs else next(iter(inputs))
    known = name == PIXELS or (name == IMAGE_BYTES and PROBLEM in model.signature_defs[signature].outputs)
    if size is None or not known or not inputs[name].ndim or len({each.shape[:1] for each in inputs.values()}) > 1:
        return run(inputs)
    images, seen = inputs[name], size[0] * size[1]
    _check_rows(len(images), limits)
    check_answer(model.signature_defs[signature].outputs, inputs, limits.answer_bytes)
    announced, refused = _announced(images) if name == IMAGE_BYTES and images.ndim == 1 else ([0] * len(images), {})
    total = sum(max(pixels, seen) for pixels in announced)
    if total > limits.pixels:
        raise RequestError(
            f"The request has {_megapixels(total)} megapixels in {counted(len(images), 'image')}, and this server "
            f"takes {_megapixels(limits.pixels)}. Send fewer images at once, or start it with a larger "
            "--max-request-megapixels.",
            TOO_LARGE,
        )
    inputs = {**inputs, name: _without(images, refused)}
    outputs = []
    for part in parts(announced, seen):
        with ONE_LARGE if sum(announced[part]) > LARGE else nullcontext():  # over all requests of the process
            outputs.append(run({each: values[part] for each, values in inputs.items()}))
    joined = {key: np.concatenate([output[key] for output in outputs]) for key in outputs[0]}
    for place, why in refused.items():
        joined[PROBLEM][place] = why.encode()
    return joined


def parts(announced: Sequence[int], seen: int) -> Iterator[slice]:
    """Divide a batch into parts.

    Of a part with several images, the network sees at most 32 x 224 x 224 pixels, and the files announce at most what
    one image may.

    Args:
        announced: Pixels that each image's file announces.
        seen: Pixels that the network sees of each.

    Yields:
        The parts, in order; one for an empty batch.

    Example:
        >>> list(parts([10, 10, 10], seen=16 * 224 * 224))
        [slice(0, 2, None), slice(2, 3, None)]
    """
    begin, pixels = 0, 0
    for place, size in enumerate(announced):
        if place > begin and ((place + 1 - begin) * seen > NETWORK_PIXELS or pixels + size > MOST_PIXELS):
            yield slice(begin, place)
            begin, pixels = place, 0
        pixels += size
    yield slice(begin, len(announced))


def _megapixels(pixels: int) -> str:
    """To the pixel, so that what is a little above a limit does not read like the limit."""
    return f"{pixels / 1e6:,.6f}".rstrip("0").rstrip(".")


def _announced(images: np.ndarray) -> tuple[list[int], dict[int, str]]:
    """Pixels that each file announces, and why some are refused unread."""
    announced, refused = [], {}
    for place, data in enumerate(images):
        try:
            announced.append(announced_pixels(data))
        except TooLarge as error:
            refused[place] = str(error)
            announced.append(0)
    return announced, refused


def _without(images: np.ndarray, refused: Mapping[int, str]) -> np.ndarray:
    """The same, with nothing in the place of what is refused."""
    if refused:
        images = images.copy()
        images[list(refused)] = b""
    return images
