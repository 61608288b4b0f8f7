import pytest
import tyro
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from imgcls import serve
from imgcls.serving.client.batching import Batching, find_values
from imgcls.serving.client.load import Level

FIELDS = {"max_batch_size": 1, "batch_timeout_micros": 2, "max_enqueued_batches": 3, "num_batch_threads": 4,
          "enable_large_batch_splitting": 10, "max_execution_batch_size": 11}  # fmt: skip
MESSAGE, OPTIONAL = 11, 1


@pytest.fixture(scope="module")
def parameters():
    """TensorFlow Serving's message BatchingParameters, which its package for Python leaves out."""
    pool = descriptor_pool.DescriptorPool()
    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", syntax="proto3", dependency=[wrappers.name])
    message = file.message_type.add(name="BatchingParameters")
    for name, number in FIELDS.items():
        kind = "BoolValue" if name.startswith("enable") else "Int64Value"
        type_name = f".google.protobuf.{kind}"
        message.field.add(name=name, number=number, label=OPTIONAL, type=MESSAGE, type_name=type_name)
    return message_factory.GetMessages([wrappers, file], pool=pool)["BatchingParameters"]()


def level(clients=1, images=1, rate=50.0, p50=20.0, failed=0):
    return Level(clients, images, 100, failed, rate, p50, p50, p50, "it is full" if failed else "")


def test_the_file_is_one_that_tensorflow_serving_reads(parameters):
    text = Batching(execution=16, timeout_micros=2000, threads=2, enqueued=63).text()
    found = text_format.Parse(text, parameters)
    assert found.max_execution_batch_size.value == 16
    assert found.batch_timeout_micros.value == 2000
    assert found.num_batch_threads.value == 2
    assert found.max_enqueued_batches.value * found.max_execution_batch_size.value >= found.max_batch_size.value


def test_no_more_images_at_once_than_are_faster():
    by_images = [level(images=1, rate=50), level(images=4, rate=96, p50=42), level(images=32, rate=100, p50=320)]
    found = find_values(by_images, [level(), level(clients=8, rate=200)])
    assert (found.execution, found.threads, found.timeout_micros) == (4, 4, 2000)
    assert found.enqueued == 250  # the largest request has to fit
    tyro.cli(serve.Options, args=found.flags().split(), config=(tyro.conf.OmitArgPrefixes,))


def test_times_of_a_server_that_fails_say_nothing():
    with pytest.raises(ValueError, match="With 4 clients a request failed: it is full"):
        find_values([level()], [level(), level(clients=4, failed=1)])
