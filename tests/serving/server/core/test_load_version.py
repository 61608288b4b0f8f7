import re
from contextlib import nullcontext

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from imgcls.serving.server.core.load_version import Execution, VersionLoader
from imgcls.serving.server.core.observer import Observer
from imgcls.serving.warmup import write_warmup
from tests.serving.conftest import save_linear


@pytest.fixture
def folder(tmp_path):
    save_linear(tmp_path / "line" / "2", 0.5, 3.0)
    return tmp_path / "line"


def load_version(folder):
    return VersionLoader(Execution(), Observer())("line", int(folder.name), folder)


def test_warm_up_records_of_every_kind_are_replayed_or_named(folder):
    path = folder / "2" / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir()
    named, empty, classify = (prediction_log_pb2.PredictionLog() for _ in range(3))
    named.predict_log.request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.0]))  # of the default signature
    classify.classify_log.request.model_spec.name = "line"
    for logs, problem in (((named, empty), ""), ((named, classify), "holds a classify_log")):
        with tf.io.TFRecordWriter(str(path)) as writer:
            for log in logs:
                writer.write(log.SerializeToString())
        with pytest.raises(ValueError, match=problem) if problem else nullcontext():
            load_version(folder / "2")


def test_warm_up_requests_are_answered_before_any_other(folder):
    write_warmup(folder / "2", "line", [("serving_default", {"x": tf.constant([1.0])})])
    load_version(folder / "2")
    write_warmup(folder / "2", "line", [("serving_default", {"x": tf.constant([1.0])}), ("other", {"x": [1.0]})])
    with pytest.raises(ValueError, match=r"warm-up request of .* for 'other' fails"):
        load_version(folder / "2")
    write_warmup(folder / "2", "line", [("serving_default", {"x": [1.0]})] * 1001)
    with pytest.raises(ValueError, match="more than 1,000 records"):
        load_version(folder / "2")
    (folder / "2" / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"no records" * 10)
    with pytest.raises(ValueError, match="cannot be read"):
        load_version(folder / "2")


def test_what_tensorflow_says_of_a_warm_up_file_is_one_line_without_names_of_nodes(folder):
    path = folder / "2" / "assets.extra" / "tf_serving_warmup_requests"
    write_warmup(folder / "2", "line", [("serving_default", {"x": ["no number"]})])
    with pytest.raises(ValueError, match="fails: ") as of_request:
        load_version(folder / "2")
    path.write_bytes(b"a text, and no records" * 10)
    with pytest.raises(ValueError, match="cannot be read: corrupted record at 0") as of_file:
        load_version(folder / "2")
    for refusal in (of_request, of_file):
        said = str(refusal.value)
        assert len(said.splitlines()) == 1
        assert not re.search(r"\{\{|\[\[|\[Op:|name:|node", said)
