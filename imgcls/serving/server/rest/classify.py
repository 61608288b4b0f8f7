"""Images in, named classes out: what a page or `curl` asks, without JSON or base64 on the way there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from imgcls.engines.engine import UNKNOWN_SCORE
from imgcls.serving.server.core.models import Models
from imgcls.serving.server.core.parts import check_count
from imgcls.serving.server.request_error import RequestError
from imgcls.serving.server.rest.json_tensors import encode, to_json
from imgcls.serving.server.rest.rest_api import LARGEST_VERSION, run
from imgcls.serving.server.rest.sent_images import SentImage
from imgcls.serving.signatures import IMAGE_BYTES
from imgcls.serving.warmup import DEFAULT_SIGNATURE

TOP = 5  # classes that are named unless the request says how many
RANKED = ("classes", "probabilities")
SET = "prediction_set"


@dataclass(frozen=True)
class Question:
    """What is asked about the images.

    Attributes:
        model: Its name; "" for the first that is served.
        version: Its number; None for the newest, or for what the label says.
        label: Of a version; None for none.
        top: How many classes are named.
    """

    model: str = ""
    version: int | None = None
    label: str | None = None
    top: int = TOP

    @classmethod
    def from_query(cls, values: Sequence[tuple[str, str]]) -> "Question":
        """The question of the names and values behind the address.

        Raises:
            RequestError: If one of them is unknown, there twice, or no number where it has to be one.

        Example:
            >>> Question.from_query([("model", "cats"), ("top", "3")]).top
            3
        """
        given = dict(values)
        unknown = sorted(set(given) - {"model", "version", "label", "top"})
        if unknown or len(given) < len(values):
            name = unknown[0] if unknown else max(given, key=[name for name, _ in values].count)
            fault = "is unknown" if unknown else "is there twice"
            raise RequestError(f"?{name}= {fault}. Known are ?top=, ?model=, ?version= and ?label=, once each.")
        version = _number("version", given["version"], 0, LARGEST_VERSION) if "version" in given else None
        top = _number("top", given["top"], 1, 1_000_000) if "top" in given else TOP
        if version is not None and "label" in given:
            raise RequestError("Both model version and model version label cannot be supplied.")
        return cls(given.get("model", ""), version, given.get("label"), top)


def classify(models: Models, question: Question, images: Sequence[SentImage], seconds: float | None = None) -> bytes:
    """Classify images.

    Args:
        models: What is served.
        question: What is asked about them.
        images: At least one.
        seconds: That it may take; None for as long as it takes.

    Returns:
        The JSON of the answer: "model", "version" and "predictions", in the order of the images. Each has the "file",
        the "classes" with their "probabilities", the likeliest first, and "problem"; of a model with a judgement also
        "decision", "prediction_set" (names) and, if it was fitted, "unknown_score". An image that cannot be read has
        its "problem", no class, and null as its "unknown_score".

    Raises:
        RequestError: If there is no such model, it takes no images, or they are too many.
    """
    if not question.model and not models.names:
        raise RequestError("No model is served.", 503)
    version = models.find(question.model or models.names[0], question.version, question.label)
    check_count({"instances": list(images)}, models.limits)
    signature = version.signature_defs.get(DEFAULT_SIGNATURE)
    if signature is None or IMAGE_BYTES not in signature.inputs or not set(RANKED) <= set(signature.outputs):
        raise RequestError(f"The model {version.name} does not take images and give classes. Ask it with :predict.")
    encoded = np.empty(len(images), object)
    encoded[:] = [image.data for image in images]
    outputs = run(version, DEFAULT_SIGNATURE, {IMAGE_BYTES: encoded}, seconds)
    rows = [_row(image.file, outputs, place, question.top) for place, image in enumerate(images)]
    return encode({"model": version.name, "version": version.version, "predictions": rows})


def _row(file: str, outputs: Mapping[str, np.ndarray], place: int, top: int) -> dict[str, Any]:
    row: dict[str, Any] = {"file": file}
    problem = outputs["problem"][place] if "problem" in outputs else b""
    for name in (*RANKED, *sorted(set(outputs) - {*RANKED, SET})):
        row[name] = to_json(outputs[name][place : place + 1], name)[0]
    if SET in outputs:
        row[SET] = [each for each, is_in in zip(row["classes"], outputs[SET][place].tolist(), strict=True) if is_in]
    if problem and UNKNOWN_SCORE in row:
        row[UNKNOWN_SCORE] = None  # the signature's 0 would be a very familiar image
    for name in RANKED:
        row[name] = [] if problem else row[name][:top]
    return row


def _number(name: str, text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 30 or not least <= int(text) <= most:
        raise RequestError(f"?{name}={text[:40]}: expected a whole number, at least {least} and at most {most}.")
    return int(text)
