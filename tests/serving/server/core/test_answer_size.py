"""An answer that nobody could send is not computed."""

import base64
import json

import httpx
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from imgcls.serving.server.core.answer_size import check_answer
from imgcls.serving.server.core.parts import Limits
from imgcls.serving.server.request_error import RequestError
from tests.serving.conftest import limited, serving

PREPROCESSED = {"pixels": (tf.float32, (-1, 224, 224, 3)), "problem": (tf.string, (-1,))}


def definition(outputs) -> SignatureDef:
    made = SignatureDef()
    for name, (dtype, shape) in outputs.items():
        made.outputs[name].dtype = dtype.as_datatype_enum
        for size in shape:
            made.outputs[name].tensor_shape.dim.add(size=size)
    return made


def of(count: int) -> dict[str, np.ndarray]:
    return {"image_bytes": np.full(count, b"", object)}


def test_a_hundred_images_may_be_asked_for_their_pixels():
    check_answer(definition(PREPROCESSED).outputs, of(100), Limits().answer_bytes)
    with pytest.raises(RequestError, match=r"would hold 574\.2 MiB, and this server sends 64") as caught:
        check_answer(definition(PREPROCESSED).outputs, of(1000), Limits().answer_bytes)
    assert caught.value.status == 413
    assert "--max-request-mib" in caught.value.message


@pytest.mark.parametrize(
    ("shape", "count", "size"),
    [((-1, 5), 3, 60), ((-1, -1), 3, 12), ((), 3, 4), ((7,), 3, 28), ((-1, 2**40, 2**40), 1, 2**82), ((-1, 5), 0, 0)],
)
def test_the_size_is_what_the_signature_announces(shape, count, size):
    outputs = definition({"y": (tf.float32, shape)}).outputs
    check_answer(outputs, of(count), size)
    if size:
        with pytest.raises(RequestError, match="MiB"):
            check_answer(outputs, of(count), size - 1)


def test_an_answer_above_the_limit_is_refused_before_it_is_computed(served_bundle, monkeypatch):
    model = served_bundle.find("clothing").model
    real, calls = model.run, []
    monkeypatch.setattr(model, "run", lambda *given: calls.append(given) or real(*given))
    size = 2 * (28 * 28 * 4 + 8)  # two images as pixels, each with its problem
    sent = {"b64": base64.b64encode(b"no image").decode()}
    with serving(limited(served_bundle, Limits(answer_bytes=size))) as address:
        url = f"{address}/v1/models/clothing:predict"
        bodies = [{"signature_name": "preprocess", "instances": [sent] * count} for count in (3, 2)]
        refused = httpx.post(url, content=json.dumps(bodies[0]), timeout=60)
        assert calls == []
        taken = httpx.post(url, content=json.dumps(bodies[1]), timeout=60)
    assert refused.status_code == 413
    assert refused.json()["error"].startswith("The answer would hold")
    assert taken.status_code == 200
