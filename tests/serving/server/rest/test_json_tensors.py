"""The examples of TensorFlow Serving's document "RESTful API", and what its server says of mistakes."""

import base64
import json

import numpy as np
import pytest
import tensorflow as tf

from imgcls.serving.server.request_error import RequestError
from imgcls.serving.server.rest.json_tensors import encode, parse, read_inputs, signature_name, write_outputs

THREE = {"tag": tf.string, "signal": tf.int32, "sensor": tf.float32}
TEXT, NUMBERS = {"x": tf.string}, {"x": tf.float32}


def read(text: str, types):
    return read_inputs(parse(text.encode()), types)


def test_rows_of_scalars():
    inputs, in_rows = read('{"instances": ["foo", "bar", "baz"]}', TEXT)
    assert in_rows
    assert inputs["x"].tolist() == [b"foo", b"bar", b"baz"]


def test_rows_of_tensors():
    inputs, _ = read('{"instances": [[[1, 2]], [[3, 4]]]}', NUMBERS)
    assert inputs["x"].shape == (2, 1, 2)
    assert inputs["x"].dtype == np.float32


def test_rows_and_columns_of_several_inputs_are_the_same():
    rows = """{"instances": [
        {"tag": "foo", "signal": [1, 2, 3, 4, 5], "sensor": [[1, 2], [3, 4]]},
        {"tag": "bar", "signal": [3, 4, 1, 2, 5], "sensor": [[4, 5], [6, 8]]}]}"""
    columns = """{"inputs": {"tag": ["foo", "bar"], "signal": [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]],
        "sensor": [[[1, 2], [3, 4]], [[4, 5], [6, 8]]]}}"""
    (from_rows, _), (from_columns, in_rows) = read(rows, THREE), read(columns, THREE)
    assert not in_rows
    for name in THREE:
        np.testing.assert_array_equal(from_rows[name], from_columns[name])


def test_bytes_in_every_place():
    data = bytes(range(256))
    b64 = {"b64": base64.b64encode(data).decode()}
    for body in ({"instances": [b64]}, {"instances": [{"x": b64}]}, {"inputs": [b64]}, {"inputs": {"x": [b64]}}):
        assert read(json.dumps(body), TEXT)[0]["x"].tolist() == [data]
    assert read(json.dumps({"inputs": b64}), TEXT)[0]["x"].item() == data


@pytest.mark.parametrize("text", ["aGk=", "aGk", "a G\nk="])
def test_loose_base64(text):
    assert read(json.dumps({"instances": [{"b64": text}]}), TEXT)[0]["x"].tolist() == [b"hi"]


def test_an_empty_batch_in_columns():
    assert read('{"inputs": []}', TEXT)[0]["x"].shape == (0,)


def test_numbers_that_are_not_finite():
    inputs, _ = read('{"instances": [NaN, -NaN, Infinity, -Infinity, Inf, -Inf]}', NUMBERS)
    np.testing.assert_array_equal(inputs["x"], [np.nan, np.nan, np.inf, -np.inf, np.inf, -np.inf])
    request = parse(b'{"note": "Inf \\" -Inf -NaN", "inputs": [Inf, -NaN]}')
    assert request["note"] == 'Inf " -Inf -NaN'
    for text in ('{"inputs": [Infinite]}', '{"inputs": [Inf, "unfinished \\', '{"inputs": [-]}', '{"inputs": [+Inf]}'):
        with pytest.raises(RequestError, match="JSON Parse error"):
            parse(text.encode())
    text = encode(write_outputs({"y": np.array([np.nan, np.inf, -np.inf], np.float32)}, in_rows=True))
    assert text == b'{"predictions":[NaN,Infinity,-Infinity]}'


def test_one_output_has_no_name_and_several_have():
    y, z = np.array([3.5, 4.0, 5.5], np.float32), np.array([b"a", "\u00e5".encode(), b"c"], object)
    assert encode(write_outputs({"y": y}, True)) == b'{"predictions":[3.5,4.0,5.5]}'
    assert encode(write_outputs({"y": y}, False)) == b'{"outputs":[3.5,4.0,5.5]}'
    assert write_outputs({"y": y, "z": z}, True)["predictions"][1] == {"y": 4.0, "z": "å"}
    assert write_outputs({"y": y, "z": z}, False) == {"outputs": {"y": [3.5, 4.0, 5.5], "z": ["a", "å", "c"]}}


def test_output_named_bytes_is_base64():
    outputs = write_outputs({"thumbnail_bytes": np.array([b"\xff\x00"], object)}, True)
    assert outputs == {"predictions": [{"b64": "/wA="}]}


def test_floats_have_no_noise_digits():
    values = np.random.default_rng(0).random(1000, np.float32)
    written = json.loads(encode(write_outputs({"y": values}, True)))["predictions"]
    assert (np.array(written, np.float32) == values).all()
    assert encode(write_outputs({"y": np.float32([0.2, 1e-7])}, True)) == b'{"predictions":[0.2,1e-7]}'


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_of_any_size_have_the_digits_of_their_type(dtype):
    values = np.random.default_rng(0).random((3, 1000)).astype(dtype)[:, ::2]
    rows = json.loads(encode(write_outputs({"y": values}, True)))["predictions"]
    assert rows == [[float(str(value)) for value in row] for row in values]


def test_a_name_with_null_in_it_and_half_a_pair_are_written():
    assert encode({"error": "null \ud800 \u00e5"}) == '{"error":"null ? \u00e5"}'.encode()
    assert json.loads(encode({"classes": ["null", None], "p": float("nan")}))["classes"] == ["null", None]


def test_names_in_any_script_come_back():
    names = np.array(["外套".encode(), b'quote " and \\', "👕".encode()], object)
    assert json.loads(encode(write_outputs({"y": names}, True)))["predictions"] == ["外套", 'quote " and \\', "👕"]


def test_what_follows_the_object_is_not_read_and_a_byte_order_mark_is_skipped():
    assert parse(b'\xef\xbb\xbf  {"inputs": 1} trailing') == {"inputs": 1}


def nested(depth: int) -> str:
    return "[" * depth + "1" + "]" * depth


def test_lists_may_be_nested_as_deep_as_tensors_may_have_dimensions():
    assert read(f'{{"inputs": {nested(64)}}}', NUMBERS)[0]["x"].ndim == 64
    assert read(f'{{"instances": {nested(64)}}}', NUMBERS)[0]["x"].ndim == 64
    assert read('{"inputs": [16777215, 3e7, 1e38, 1e400]}', NUMBERS)[0]["x"].dtype == np.float32


@pytest.mark.parametrize(
    ("text", "types", "message"),
    [
        ("", TEXT, "JSON Parse error: The document is empty"),
        ("{", TEXT, "JSON Parse error: .* at offset: 1"),
        ("[1]", TEXT, r"JSON Value: \[1\] Is not object"),
        ("[" * 100_000, TEXT, "nested too deeply"),
        ("{}", TEXT, "Missing 'inputs' or 'instances' key"),
        ('{"instances": [1], "inputs": [1]}', NUMBERS, "expecting only one of 'inputs' or 'instances'"),
        ('{"instances": 1}', NUMBERS, "Expecting 'instances' to be an list/array"),
        ('{"instances": []}', NUMBERS, "No values in 'instances' array"),
        ('{"instances": [1]}', THREE, "instances is a plain list, but expecting list of objects"),
        ('{"inputs": [1]}', THREE, "inputs is a plain value/list, but expecting an object"),
        ('{"inputs": {"tag": ["a"]}}', THREE, "Missing named input: signal in 'inputs' object"),
        ('{"instances": [{"y": 1}]}', NUMBERS, "element: 0 key: y .* does not have named input: y"),
        ('{"instances": [{"x": 1}, 2]}', NUMBERS, "Expecting object but got list at item 1 of input list"),
        ('{"instances": [1, {"x": 1}]}', NUMBERS, "Expecting value/list but got object at item 1 of input list"),
        ('{"instances": [{"x": 1}, {}]}', NUMBERS, "element: 1 .* keys must be equal to: x"),
        ('{"instances": ["a"]}', NUMBERS, 'element: 0 .*JSON Value: "a" Type: String is not of expected type: float'),
        ('{"instances": [true]}', NUMBERS, "Type: True is not of expected type: float"),
        ('{"instances": [1]}', TEXT, "Type: Number is not of expected type: string"),
        ('{"instances": [1.5]}', {"x": tf.int32}, "Type: Number is not of expected type: int32"),
        ('{"instances": [9999999999]}', {"x": tf.int32}, "Type: Number is not of expected type: int32"),
        ('{"instances": [[1, 2], [1]]}', NUMBERS, "Expecting tensor size: 2 but got: 1"),
        ('{"instances": [[[1], [2]], [[1, 2]]]}', NUMBERS, r"Expecting shape \[2,1\] but got: \[1,2\]"),
        ('{"inputs": [[1, 2], [1]]}', NUMBERS, "unexpected size: 1 at level: 1 expected size: 2"),
        ('{"inputs": [[1], 2]}', NUMBERS, "found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
        ('{"inputs": [1, [2]]}', NUMBERS, "unexpected level: 1 expected < 1"),
        ('{"instances": [{"b64": "?"}]}', TEXT, "Unable to base64 decode"),
        ('{"inputs": [{"b64": 1}]}', TEXT, "not formatted correctly for base64 data"),
        ('{"inputs": ["\\ud800"]}', TEXT, "surrogate pair"),
        ('{"signature_name": 1, "inputs": []}', TEXT, "'signature_name' key must be a string value"),
        ('{"inputs": [1e300]}', NUMBERS, r"Cannot convert JSON value: 1e\+300 to float without loss of precision"),
        ('{"instances": [16777217]}', NUMBERS, "Cannot convert JSON value: 16777217 to float without loss"),
        ('{"inputs": [9007199254740993]}', {"x": tf.float64}, "9007199254740993 to double without loss"),
        ('{"inputs": ' + nested(65) + "}", NUMBERS, "Lists are nested 65 deep; this server takes .* at most 64 levels"),
        ('{"inputs": ' + nested(900) + "}", TEXT, "Lists are nested 900 deep"),
        (
            '{"instances": ' + nested(65) + "}",
            NUMBERS,
            "Lists are nested 64 deep; this server takes .* at most 63 levels",
        ),
        ('{"inputs": ' + nested(900) + ', "instances": 1}', NUMBERS, "expecting only one of 'inputs' or 'instances'"),
    ],
)
def test_mistakes_are_named(text, types, message):
    def read_request():
        request = parse(text.encode())
        return signature_name(request), read_inputs(request, types)

    with pytest.raises(RequestError, match=message) as caught:
        read_request()
    assert caught.value.status == 400
    assert len(caught.value.message) < 1000
