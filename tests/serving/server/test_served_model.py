import shutil
from contextlib import nullcontext

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from imgcls.serving.server import served_model
from imgcls.serving.server.request_error import RequestError
from imgcls.serving.server.served_model import ServedModel, load_version
from imgcls.serving.warmup import write_warmup
from tests.serving.conftest import save_linear


@pytest.fixture
def folder(tmp_path, half_plus_three):
    shutil.copytree(half_plus_three / "123", tmp_path / "line" / "2")
    return tmp_path / "line"


def value(served, version=None) -> float:
    return served.find("line", version)[1].run("serving_default", {"x": [0.0]})["y"].item()


def states(served) -> dict[int, str]:
    return {number: found.state for number, found in served.states.items()}


def test_a_newer_version_takes_the_place_of_the_old(folder):
    (folder / ".partial-9").mkdir()
    served = ServedModel(folder)
    assert (served.name, served.version, value(served)) == ("line", 2, 3.0)
    save_linear(folder / "10", 1.0, 7.0)
    assert value(served) == 3.0
    served.refresh()
    assert (served.version, value(served), value(served, 10)) == (10, 7.0, 7.0)
    assert states(served) == {2: "END", 10: "AVAILABLE"}
    with pytest.raises(RequestError, match=r"Specific\(line, 2\)"):
        served.find("line", 2)
    shutil.rmtree(folder / "10")
    served.refresh()
    assert (served.version, value(served)) == (2, 3.0)


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_until_it_is_mended(folder, half_plus_three, caplog):
    served = ServedModel(folder)
    (folder / "3").mkdir()
    served.refresh()
    served.refresh()
    assert served.version == 2
    assert states(served) == {2: "AVAILABLE", 3: "END"}
    assert "no saved_model.pb" in served.states[3].error
    assert caplog.text.count("Version 3 is not served") == 1
    shutil.copytree(half_plus_three / "123", folder / "3", dirs_exist_ok=True)
    served.refresh()
    assert states(served) == {2: "END", 3: "AVAILABLE"}


def test_a_warm_up_file_that_is_none_leaves_the_old_version_and_ends_no_updates(folder, caplog):
    served = ServedModel(folder)
    save_linear(folder / "3", 1.0, 7.0)
    write_warmup(folder / "3", "line", [("serving_default", {"x": [1.0]})])
    file = folder / "3" / "assets.extra" / "tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(file)) as writer:
        writer.write(b"\xff no PredictionLog")
    served.refresh()
    assert served.version == 2
    assert "The warm-up file" in served.states[3].error
    assert "Version 3 is not served" in caplog.text
    save_linear(folder / "4", 1.0, 8.0)
    served.refresh()
    assert (served.version, value(served)) == (4, 8.0)


def test_an_error_that_nobody_thought_of_ends_no_updates(folder, monkeypatch, caplog):
    served = ServedModel(folder)
    save_linear(folder / "3", 1.0, 7.0)
    with monkeypatch.context() as broken:
        broken.setattr(served_model, "load_version", lambda path: 1 / 0)
        served.refresh()
    assert (served.version, served.states[3].error) == (2, "division by zero")
    assert "Version 3 is not served: division by zero" in caplog.text
    save_linear(folder / "4", 1.0, 8.0)
    served.refresh()
    assert served.version == 4


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


def test_without_a_version_nothing_is_served_and_without_the_folder_the_last_one_is(folder):
    served = ServedModel(folder)
    moved = folder.rename(folder.with_name("moved"))
    served.refresh()
    assert served.version == 2
    moved.rename(folder)
    shutil.rmtree(folder / "2")
    served.refresh()
    assert served.version is None
    with pytest.raises(RequestError, match=r"Latest\(line\)"):
        served.find("line")


def test_one_version_alone_stays(folder):
    served = ServedModel(folder / "2")
    shutil.copytree(folder / "2", folder / "3")
    served.refresh()
    assert (served.name, served.version) == ("line", 2)


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
