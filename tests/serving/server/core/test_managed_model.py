import logging
import shutil
import threading

import pytest
import tensorflow as tf

from imgcls.serving.server.core import managed_model
from imgcls.serving.server.core.load_version import Execution, VersionLoader
from imgcls.serving.server.core.managed_model import ManagedModel
from imgcls.serving.server.core.model_settings import ModelSettings
from imgcls.serving.server.core.observer import Observer
from imgcls.serving.server.request_error import RequestError
from imgcls.serving.warmup import write_warmup
from tests.serving.conftest import save_linear

LOAD = VersionLoader(Execution(), Observer())


@pytest.fixture
def folder(tmp_path, half_plus_three):
    shutil.copytree(half_plus_three / "123", tmp_path / "line" / "2")
    return tmp_path / "line"


def managed(folder, load=LOAD, **settings) -> ManagedModel:
    """A model after the first look."""
    model = ManagedModel(ModelSettings("line", folder, **settings), load)
    model.look()
    return model


def look_twice(model) -> None:
    """Once to see what has come, and once to see that it rests."""
    model.look()
    model.look()


def value(model, version=None) -> float:
    return model.find(version)[1].run("serving_default", {"x": [0.0]})["y"].item()


def states(model) -> dict[int, str]:
    return {number: found.state for number, found in model.states.items()}


def test_a_newer_version_takes_the_place_of_the_old(folder):
    (folder / ".partial-9").mkdir()
    model = managed(folder)
    assert (model.available, value(model)) == ([2], 3.0)
    save_linear(folder / "10", 1.0, 7.0)
    assert value(model) == 3.0
    model.look()
    assert (value(model), states(model)) == (3.0, {2: "AVAILABLE", 10: "START"})
    model.look()
    assert (model.available, value(model), value(model, 10)) == ([10], 7.0, 7.0)
    assert states(model) == {2: "END", 10: "AVAILABLE"}
    with pytest.raises(RequestError, match=r"Specific\(line, 2\)"):
        model.find(2)
    shutil.rmtree(folder / "10")
    model.look()
    assert (model.available, value(model)) == ([2], 3.0)


def test_the_log_says_which_version_took_over_and_which_ended(folder, caplog):
    def said() -> list[str]:
        return [each.getMessage() for each in caplog.records if each.name == managed_model.__name__]

    caplog.set_level(logging.INFO)
    model = managed(folder)
    assert said() == []  # who starts a server says what it begins with
    save_linear(folder / "10", 1.0, 7.0)
    look_twice(model)
    assert said() == [
        "Version 10 of line waits for its files to rest",
        "Version 10 of line is served.",
        "Version 2 of line is served no more.",
    ]


@pytest.mark.parametrize(
    ("settings", "served"),
    [
        ({"latest": 1}, [4]),
        ({"latest": 2}, [3, 4]),
        ({"latest": 0}, [2, 3, 4]),
        ({"versions": (2, 4, 9)}, [2, 4]),
    ],
)
def test_policies_say_which_versions_are_served(folder, settings, served):
    for number in (3, 4):
        save_linear(folder / str(number), 1.0, float(number))
    model = managed(folder, **settings)
    assert model.available == served
    assert value(model) == 4.0  # the newest answers who names none


def test_a_version_that_loads_is_loading_and_the_old_one_answers(folder):
    begun, go_on = threading.Event(), threading.Event()

    def slow(name, number, path):
        if number == 3:
            begun.set()
            assert go_on.wait(20)
        return LOAD(name, number, path)

    model = managed(folder, slow)
    save_linear(folder / "3", 1.0, 7.0)
    model.look()
    done = model.look_soon()
    assert begun.wait(20)
    assert (states(model), model.is_loading, value(model)) == ({2: "AVAILABLE", 3: "LOADING"}, True, 3.0)
    with pytest.raises(RequestError, match=r"Specific\(line, 3\)"):
        model.find(3)
    assert model.look_soon() is done  # one look at a time
    go_on.set()
    done.result(20)
    assert (states(model), value(model)) == ({2: "END", 3: "AVAILABLE"}, 7.0)


def test_the_old_version_ends_when_its_last_request_has_ended(folder, monkeypatch):
    model = managed(folder)
    _, old = model.find()
    begun, go_on, real = threading.Event(), threading.Event(), old.model.run

    def slow(signature, inputs):
        begun.set()
        assert go_on.wait(20)
        return real(signature, inputs)

    monkeypatch.setattr(old.model, "run", slow)
    answers = []
    caller = threading.Thread(target=lambda: answers.append(old.run("serving_default", {"x": [0.0]})["y"].item()))
    caller.start()
    assert begun.wait(20)
    save_linear(folder / "3", 1.0, 7.0)
    look_twice(model)
    assert (states(model), value(model)) == ({2: "UNLOADING", 3: "AVAILABLE"}, 7.0)
    go_on.set()
    caller.join()
    assert (answers, states(model)) == ([3.0], {2: "END", 3: "AVAILABLE"})
    assert old.run("serving_default", {"x": [0.0]})["y"].item() == 3.0  # found before, asked late


def test_a_half_copied_version_is_left_alone_until_it_is_whole(folder, tmp_path):
    save_linear(tmp_path / "3", 1.0, 7.0)
    files = sorted(path.relative_to(tmp_path / "3") for path in (tmp_path / "3").rglob("*") if path.is_file())
    model = managed(folder)
    for path in files:  # saved_model.pb comes before the variables
        (folder / "3" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "3" / path, folder / "3" / path)
        if path != files[-1]:
            look_twice(model)
            assert states(model) == {2: "AVAILABLE", 3: "START"}
    look_twice(model)
    assert (states(model), value(model)) == ({2: "END", 3: "AVAILABLE"}, 7.0)
    (folder / "4").mkdir()
    model.look()
    assert states(model)[4] == "START"
    (folder / "4").rmdir()
    model.look()
    assert states(model) == {2: "END", 3: "AVAILABLE"}


def test_at_the_start_an_older_whole_version_answers(folder, tmp_path):
    save_linear(folder / "3", 1.0, 7.0)
    (folder / "3" / "variables" / "variables.index").unlink()
    assert (managed(folder).available, states(managed(folder))) == ([2], {2: "AVAILABLE", 3: "START"})


@pytest.fixture
def no_pause(monkeypatch):
    """Each look tries again what could not be loaded."""
    monkeypatch.setattr(managed_model, "RETRY_SECONDS", 0.0)


def failing(times: int, tried: list[int]):
    """Loads version 3 only after it failed so many times."""

    def load(name, number, path):
        if number == 3:
            tried.append(number)
            if len(tried) <= times:
                raise OSError(28, "No space left on device")
        return LOAD(name, number, path)

    return load


def test_a_version_that_fails_in_passing_is_tried_again(folder, no_pause, caplog):
    tried = []
    model = managed(folder, failing(2, tried))
    save_linear(folder / "3", 1.0, 7.0)
    look_twice(model)
    assert (states(model), model.available, model.is_loading) == ({2: "AVAILABLE", 3: "LOADING"}, [2], False)
    assert "No space left" in model.states[3].error
    look_twice(model)
    assert (states(model), value(model), len(tried)) == ({2: "END", 3: "AVAILABLE"}, 7.0, 3)
    assert model.states[3].error == ""
    assert "No space left on device (attempt 1 of 6, the next one in 0 s)" in caplog.text


def test_it_is_tried_again_after_a_minute_and_not_at_every_look(folder, caplog):
    tried = []
    model = managed(folder, failing(1, tried))
    save_linear(folder / "3", 1.0, 7.0)
    for _ in range(10):
        look_twice(model)
    assert (states(model), len(tried)) == ({2: "AVAILABLE", 3: "LOADING"}, 1)
    assert caplog.text.count("Version 3 of line is not served") == 1
    assert "the next one in 60 s" in caplog.text


def test_a_version_that_goes_while_it_waits_is_not_loading(folder):
    model = managed(folder, failing(1, []))
    save_linear(folder / "3", 1.0, 7.0)
    look_twice(model)
    shutil.rmtree(folder / "3")
    model.look()
    assert states(model) == {2: "AVAILABLE", 3: "END"}
    assert "No space left" in model.states[3].error


def test_a_damaged_version_leaves_the_old_one_until_it_is_mended(folder, half_plus_three, no_pause, caplog):
    model = managed(folder)
    shutil.copytree(half_plus_three / "123", folder / "3")
    (folder / "3" / "saved_model.pb").write_bytes(b"no graph")
    for _ in range(10):
        look_twice(model)
    assert states(model) == {2: "AVAILABLE", 3: "END"}
    assert "damaged" in model.states[3].error
    assert caplog.text.count("Version 3 of line is not served") == 6
    assert "(attempt 6 of 6, the next one when its files change)" in caplog.text
    shutil.copytree(half_plus_three / "123", folder / "3", dirs_exist_ok=True)
    look_twice(model)
    assert states(model) == {2: "END", 3: "AVAILABLE"}


def test_a_warm_up_file_that_is_none_leaves_the_old_version_and_ends_no_updates(folder, caplog):
    model = managed(folder)
    save_linear(folder / "3", 1.0, 7.0)
    write_warmup(folder / "3", "line", [("serving_default", {"x": [1.0]})])
    file = folder / "3" / "assets.extra" / "tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(file)) as writer:
        writer.write(b"\xff no PredictionLog")
    look_twice(model)
    assert model.available == [2]
    assert "The warm-up file" in model.states[3].error
    assert "Version 3 of line is not served" in caplog.text
    save_linear(folder / "4", 1.0, 8.0)
    look_twice(model)
    assert (model.available, value(model)) == ([4], 8.0)


def test_an_error_that_nobody_thought_of_ends_no_updates(folder, caplog):
    model = managed(folder, lambda name, number, path: 1 / 0 if number == 3 else LOAD(name, number, path))
    save_linear(folder / "3", 1.0, 7.0)
    look_twice(model)
    assert (model.available, model.states[3].error) == ([2], "division by zero")
    assert "Version 3 of line is not served: division by zero" in caplog.text
    save_linear(folder / "4", 1.0, 8.0)
    look_twice(model)
    assert model.available == [4]


def test_without_a_version_nothing_is_served_and_without_the_folder_the_last_one_is(folder):
    model = managed(folder)
    moved = folder.rename(folder.with_name("moved"))
    model.look()
    assert model.available == [2]
    moved.rename(folder)
    shutil.rmtree(folder / "2")
    model.look()
    assert model.available == []
    with pytest.raises(RequestError, match=r"Latest\(line\)"):
        model.find()


def test_one_version_alone_stays(folder):
    model = managed(folder / "2")
    shutil.copytree(folder / "2", folder / "3")
    look_twice(model)
    assert model.available == [2]
