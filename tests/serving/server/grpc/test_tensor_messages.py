import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from imgcls.serving.server.grpc.tensor_messages import read_inputs, write_tensor
from imgcls.serving.server.request_error import RequestError

KINDS = ["float32", "float64", "float16", "int32", "int64", "uint8", "bool"]


@given(st.sampled_from(KINDS).flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, min_side=0))))
def test_what_is_written_is_read_by_tensorflow(values):
    message = TensorProto()
    write_tensor(message, values)
    found = tf.make_ndarray(TensorProto.FromString(message.SerializeToString()))
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


@given(st.lists(st.binary(max_size=5), min_size=4, max_size=4))
def test_strings_are_written_and_read(strings):
    message = TensorProto()
    write_tensor(message, np.array(strings, object).reshape(2, 2))
    assert list(message.string_val) == strings
    assert tf.make_ndarray(message).tolist() == [strings[:2], strings[2:]]


def definition(dtype=tf.float32) -> SignatureDef:
    made = SignatureDef()
    made.inputs["x"].dtype = dtype.as_datatype_enum
    return made


def message_of(shape, dtype=tf.float32, **values) -> TensorProto:
    message = TensorProto(dtype=dtype.as_datatype_enum, **values)
    for size in shape:
        message.tensor_shape.dim.add(size=size)
    return message


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (message_of([10**6, 10**6], float_val=[1.0]), "MiB when it is unpacked"),
        (message_of([10**9], tf.string, string_val=[b"a"]), "Expects x to be float32 but string"),
        (message_of([-1], float_val=[1.0]), "a shape with unknown sizes"),
        (message_of([2], float_val=[1.0, 2.0, 3.0]), r"do not fill the shape \[2\]"),
        (message_of([3], tensor_content=b"1234"), r"do not fill the shape \[3\]"),
        (TensorProto(dtype=99), "tensor parsing error: x"),
        (TensorProto(), "tensor parsing error: x"),
    ],
)
def test_messages_that_contradict_themselves(message, why):
    with pytest.raises(RequestError, match=why):
        read_inputs({"x": message}, definition())


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (message_of([2], tf.string, tensor_content=b"\1\x09abb"), r"do not fill the shape \[2\]"),
        (message_of([2], tf.string, tensor_content=b"\1\2abb and more"), r"do not fill the shape \[2\]"),
        (message_of([1], tf.uint8, int_val=[300]), "tensor parsing error: x: a value that uint8 cannot hold"),
        (message_of([1], tf.float16, half_val=[1 << 16]), "tensor parsing error: x: a value that float16 cannot hold"),
    ],
)
def test_messages_whose_values_do_not_fit_their_type(message, why):
    with pytest.raises(RequestError, match=why) as caught:
        read_inputs({"x": message}, definition(tf.as_dtype(message.dtype)))
    assert caught.value.status == 400


@given(st.lists(st.binary(max_size=127), max_size=4), st.booleans())
def test_strings_in_the_form_of_tensorflow_in_cplusplus(strings, is_column):
    """AsProtoTensorContent writes the lengths of all, then all the bytes."""
    content = bytes(map(len, strings)) + b"".join(strings)  # a length below 128 is one byte
    shape = [len(strings), 1] if is_column else [len(strings)]
    found = read_inputs({"x": message_of(shape, tf.string, tensor_content=content)}, definition(tf.string))["x"]
    assert (found.dtype, found.tolist()) == (object, [[each] for each in strings] if is_column else strings)


def test_a_single_string_in_the_form_of_tensorflow_in_cplusplus():
    found = read_inputs({"x": message_of([], tf.string, tensor_content=b"\2hi")}, definition(tf.string))["x"]
    assert (found.shape, found.item()) == ((), b"hi")


@pytest.mark.parametrize(("given", "expected"), [([], [b"", b""]), ([b"a"], [b"a", b"a"])])
def test_strings_that_are_left_out_are_the_last_one_or_empty(given, expected):
    found = read_inputs({"x": message_of([2], tf.string, string_val=given)}, definition(tf.string))["x"]
    assert found.tolist() == expected


def test_a_value_that_the_signature_has_itself_may_be_left_out():
    made = definition()
    made.inputs["top"].dtype = tf.int32.as_datatype_enum
    made.defaults["top"].CopyFrom(tf.make_tensor_proto(5))
    found = read_inputs({"x": message_of([1], float_val=[2.0])}, made)
    assert (found["x"].tolist(), found["top"].tolist()) == ([2.0], 5)
