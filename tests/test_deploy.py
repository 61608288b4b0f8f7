"""The files of deploy/, as Compose and TensorFlow Serving read them."""

import re

import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from imgcls.serving import server_files
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
WRAPPED = {"int64": "Int64Value", "bool": "BoolValue"}
# Fields as tensorflow_serving/servables/tensorflow/session_bundle_config.proto and config/monitoring_config.proto
# declare them; the package tensorflow-serving-api does not hold these two.
BATCHING = {"max_batch_size": "int64", "batch_timeout_micros": "int64", "max_enqueued_batches": "int64",
            "num_batch_threads": "int64", "enable_large_batch_splitting": "bool",
            "max_execution_batch_size": "int64"}  # fmt: skip
PROMETHEUS = {"enable": "bool", "path": "string"}


@pytest.fixture(scope="module")
def messages():
    """The classes of BatchingParameters and MonitoringConfig."""
    file = descriptor_pb2.FileDescriptorProto(name="declared_for_a_test.proto", package="declared", syntax="proto3")
    for kind in ("Int64Value", "BoolValue", "PrometheusConfig", "BatchingParameters", "MonitoringConfig"):
        file.message_type.add(name=kind)
    types = {"int64": 3, "bool": 8, "string": 9}

    def declare(message: str, fields: dict[str, str]) -> None:
        target = next(each for each in file.message_type if each.name == message)
        for number, (name, kind) in enumerate(fields.items(), start=1):
            named = {"type": types[kind]} if kind in types else {"type": 11, "type_name": f".declared.{kind}"}
            target.field.add(name=name, number=number, label=1, **named)

    declare("Int64Value", {"value": "int64"})
    declare("BoolValue", {"value": "bool"})
    declare("PrometheusConfig", PROMETHEUS)
    declare("BatchingParameters", {name: WRAPPED[kind] for name, kind in BATCHING.items()})
    declare("MonitoringConfig", {"prometheus_config": "PrometheusConfig"})
    return message_factory.GetMessages([file], pool=descriptor_pool.DescriptorPool())


@pytest.fixture(scope="module")
def service() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["serving"]


def test_requests_are_bounded(messages):
    text = server_files.BATCHING
    found = text_format.Parse(text, messages["declared.BatchingParameters"]())
    assert found.enable_large_batch_splitting.value
    assert 0 < found.max_execution_batch_size.value <= 32
    assert found.max_execution_batch_size.value <= found.max_batch_size.value <= 1000
    enqueued = found.max_enqueued_batches.value * found.max_execution_batch_size.value
    assert enqueued >= found.max_batch_size.value  # or the largest request would always be refused
    assert found.num_batch_threads.value >= 1
    with pytest.raises(text_format.ParseError):
        text_format.Parse(text + "max_batch: 1", messages["declared.BatchingParameters"]())


def test_figures_are_given(messages):
    found = text_format.Parse(server_files.MONITORING, messages["declared.MonitoringConfig"]()).prometheus_config
    assert (found.enable, found.path) == (True, "/monitoring/prometheus/metrics")


def test_the_image_is_pinned_and_its_memory_limited(service):
    assert re.search(r"^tensorflow/serving:\$\{SERVING_VERSION:-\d+\.\d+\.\d+\}$", service["image"])
    assert re.search(r"^\$\{MEMORY_LIMIT:-\d+g\}$", service["mem_limit"])
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_every_file_that_a_flag_names_is_one_that_an_export_writes(service):
    assert "../saved_models:/models:ro" in service["volumes"]
    flags = dict(flag.removeprefix("--").split("=") for flag in service["command"])
    assert flags["enable_batching"] == "true"  # without it the server does not start with parameters for it
    for flag in ("batching_parameters_file", "monitoring_config_file"):
        assert flags[flag].removeprefix("/models/") in server_files.SERVER_FILES
