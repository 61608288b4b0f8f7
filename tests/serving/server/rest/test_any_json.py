"""Any JSON that the row and the column format allow, or nearly allow: an answer, and a server that goes on."""

import base64
import json

import httpx
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcls.serving.server.request_error import RequestError
from imgcls.serving.server.rest.json_tensors import encode, parse, read_inputs, signature_name, write_outputs
from tests.serving.conftest import models_of, serving

TYPES = {
    "one of text": {"x": tf.string},
    "one of numbers": {"x": tf.float32},
    "several": {"x": tf.string, "y": tf.int32, "z": tf.float64, "w": tf.bool},
    "one that JSON lacks": {"x": tf.complex64},
}
SIGNATURES = ["serving_default", "embedding", "pixels", "top_k", "", "none"]

encoded = st.binary(max_size=12).map(lambda data: base64.b64encode(data).decode())
in_base64 = st.fixed_dictionaries({"b64": encoded | st.text(max_size=5) | st.integers()})
numbers = st.integers() | st.integers(-3, 3) | st.floats() | st.floats(width=16)
leaves = st.none() | st.booleans() | numbers | st.text(max_size=5) | in_base64
keys = st.sampled_from(["x", "y", "z", "w", "image_bytes", "pixels", "k", "b64", "other"])
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@st.composite
def arrays(draw):
    """Nested lists of one shape and one kind; now and then with something else at a place of them."""
    kind = draw(st.sampled_from([st.floats(width=32), st.integers(-9, 9), st.text(max_size=3), in_base64]))
    shape = draw(st.lists(st.integers(0, 3), max_size=3))

    def filled(sizes):
        return [filled(sizes[1:]) for _ in range(sizes[0])] if sizes else draw(kind)

    made = filled(shape)
    if shape and shape[0] and draw(st.integers(0, 3)) == 0:
        made[draw(st.integers(0, shape[0] - 1))] = draw(values)
    return made


tensors = arrays() | st.dictionaries(keys, arrays(), min_size=1, max_size=4) | values
requests = st.fixed_dictionaries(
    {},
    optional={
        "instances": st.lists(tensors, max_size=4) | values,
        "inputs": tensors,
        "signature_name": st.sampled_from(SIGNATURES) | values,
        "other": values,
    },
)


@st.composite
def texts(draw):
    """The request as JSON, sometimes cut off or with a piece of other text in it."""
    text = json.dumps(draw(requests), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 4)) == 0:
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from([b"", b"\xff", b"Inf", b"-NaN", b"[", b"}", b'"', b"1e999", b"\\u"]))
        text += draw(st.sampled_from([b"", b"]}", b"}"]))
    return text


exploring = settings(deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("types", TYPES.values(), ids=TYPES)
@settings(exploring, max_examples=100)
@given(text=texts())
@pytest.mark.thorough
def test_a_request_is_read_or_refused_in_one_sentence(types, text):
    try:
        request = parse(text)
        signature_name(request)
        inputs, in_rows = read_inputs(request, types)
    except RequestError as error:
        check_refusal(error)
        return
    assert set(inputs) == set(types)
    for name, array in inputs.items():
        assert array.dtype == (object if types[name] == tf.string else types[name].as_numpy_dtype)
    try:
        json.loads(encode(write_outputs(inputs, in_rows)))
    except RequestError as error:
        check_refusal(error)


def check_refusal(error: RequestError) -> None:
    assert error.status in (400, 501)
    assert 0 < len(error.message) < 1500
    assert json.loads(encode({"error": error.message}))["error"]


@given(values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=5), in_rows=st.booleans())
@settings(exploring, max_examples=30)
def test_what_is_allowed_is_answered(line, values, in_rows):
    found = line.post("/v1/models/half_plus_three:predict", json={"instances" if in_rows else "inputs": values})
    assert found.status_code == 200
    expected = np.float32(values) * np.float32(0.5) + np.float32(3)
    np.testing.assert_allclose(found.json()["predictions" if in_rows else "outputs"], expected, rtol=1e-5)


@given(text=texts())
@settings(exploring, max_examples=60)
def test_a_server_of_numbers_answers_all_of_it(line, text):
    check(line.post("/v1/models/half_plus_three:predict", content=text))


@given(text=texts())
@settings(exploring, max_examples=60)
def test_a_server_of_images_answers_all_of_it(images_server, text):
    check(images_server.post("/v1/models/clothing:predict", content=text))
    check(images_server.post("/v1/models/clothing:classify", content=text))


@pytest.fixture(scope="module")
def line(half_plus_three):
    with serving(models_of(half_plus_three)) as address, httpx.Client(base_url=address) as client:
        yield client
        goes_on = client.post("/v1/models/half_plus_three:predict", json={"instances": [1.0]})
        assert goes_on.json() == {"predictions": [3.5]}


@pytest.fixture(scope="module")
def images_server(served_bundle, images):
    with serving(served_bundle) as address, httpx.Client(base_url=address) as client:
        yield client
        row = {"b64": base64.b64encode(images[0].read_bytes()).decode()}
        assert (
            client.post("/v1/models/clothing:predict", json={"instances": [row]}).json()["predictions"][0]["problem"]
            == ""
        )


def check(response: httpx.Response) -> None:
    """An answer in JSON: outputs, or the reason of a bad request. Nothing of it is a fault of the server."""
    answer = response.json()
    assert response.status_code in (200, 400), (response.status_code, answer)
    assert set(answer) < {"predictions", "outputs", "results", "error"}
    assert ("error" in answer) == (response.status_code == 400)
    if "error" in answer:
        assert answer["error"].strip()
