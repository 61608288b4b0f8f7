import json
import logging
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from imgcls.serving.server.core.models import Models, ModelSettings
from imgcls.serving.server.request_error import RequestError
from imgcls.serving.server.rest.rest_api import answer
from tests.serving.conftest import save_linear


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two models: line 2, 3 and 4, which add their number; and other 1."""
    root = tmp_path_factory.mktemp("models")
    for number in (2, 3, 4):
        save_linear(root / "line" / str(number), 1.0, float(number))
    save_linear(root / "other" / "1", 1.0, 100.0)
    return root


def settings(root, name, **more) -> ModelSettings:
    return ModelSettings(name, root / name, **more)


def value(models, name, version=None, label=None) -> float:
    return models.find(name, version, label).run("serving_default", {"x": [0.0]})["y"].item()


def test_several_models_by_name_version_and_label(root):
    labels = {"stable": 3, "canary": 4, "later": 9}
    models = Models([settings(root, "line", latest=2, labels=labels), settings(root, "other")])
    assert (models.names, models.is_ready, models.is_loading) == (["line", "other"], True, False)
    assert (value(models, "line"), value(models, "line", 3), value(models, "other")) == (4.0, 3.0, 100.0)
    assert (value(models, "line", label="stable"), value(models, "line", label="canary")) == (3.0, 4.0)
    with pytest.raises(RequestError, match=r"Specific\(line, 9\)") as caught:
        models.find("line", label="later")  # a new label may point at what is not there yet
    assert caught.value.status == 404
    for name, label in (("line", "beta"), ("other", "stable"), ("none", "stable")):
        with pytest.raises(RequestError, match=f"Unrecognized servable version label: {label}") as caught:
            models.find(name, label=label)
        assert caught.value.status == 400
    with pytest.raises(RequestError, match=r"Servable not found for request: Latest\(none\)"):
        models.find("none")
    body = json.dumps({"instances": [0.0]}).encode()
    assert json.loads(answer(models, "POST", "/v1/models/line/labels/stable:predict", body)) == {"predictions": [3.0]}
    metadata = json.loads(answer(models, "GET", "/v1/models/line/labels/stable/metadata", b""))
    assert metadata["model_spec"]["version"] == "3"


def test_other_models_take_the_place_of_those_until_now(root):
    models = Models([settings(root, "line", versions=(2, 3), labels={"stable": 2})])
    models.reload([settings(root, "line", versions=(2, 3), labels={"stable": 3}), settings(root, "other")])
    assert (value(models, "line", label="stable"), value(models, "other")) == (3.0, 100.0)
    models.reload([settings(root, "other")])
    assert models.names == ["other"]
    with pytest.raises(RequestError, match="Could not find any versions of model line"):
        models.states("line")
    models.reload([ModelSettings("other", root / "line")])  # another folder under the same name
    assert value(models, "other") == 4.0


def test_a_version_that_is_asked_for_and_not_there_is_said_once(root, caplog):
    models = Models([settings(root, "line", versions=(2, 3, 9))])
    assert (
        f"Model line asks for versions that are not in {root / 'line'}: 9. Served until they come: 2, 3." in caplog.text
    )
    caplog.clear()
    models.reload([settings(root, "line", versions=(10, 11))])
    models.refresh()
    assert [each.getMessage() for each in caplog.records if each.levelname == "WARNING"] == [
        f"Model line asks for versions that are not in {root / 'line'}: 10, 11. Served until they come: 2, 3."
    ]
    assert (value(models, "line", 2), value(models, "line", 3)) == (2.0, 3.0)
    caplog.clear()
    models.reload([settings(root, "line", versions=(2, 3))])
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (lambda root: [], "No model is named"),
        (lambda root: [settings(root, "line"), ModelSettings("line", root / "other")], "Two models are called 'line'"),
        (lambda root: [settings(root, "line"), settings(root, "none")], "there is nothing at"),
        (lambda root: [settings(root, "line", labels={"stable": 4})], "'stable' .* cannot be moved to version 4"),
        (lambda root: [settings(root, "other"), ModelSettings("empty", root)], "holds no version"),
        (lambda root: [settings(root, "line", latest=-1)], "numbers from 0 on"),
    ],
)
def test_wrong_settings_change_nothing(root, wrong, problem):
    models = Models([settings(root, "line", versions=(3,), labels={"stable": 3})])
    with pytest.raises(ValueError, match=problem):
        models.reload(wrong(root))
    assert (models.names, value(models, "line"), value(models, "line", label="stable")) == (["line"], 3.0, 3.0)


def test_a_start_without_a_version_says_why(root, tmp_path):
    (tmp_path / "half" / "7").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"holds no whole version: 7 lacks saved_model.pb"):
        Models([ModelSettings("half", tmp_path / "half")])


def test_swaps_under_callers_lose_no_request(root, tmp_path):
    folder = tmp_path / "line"
    save_linear(folder / "100", 1.0, 100.0)
    models = Models([ModelSettings("line", folder)])
    done, seen = threading.Event(), []

    def call() -> None:
        while not done.is_set():
            seen.append(value(models, "line"))

    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(call) for _ in range(4)]
        for number in range(101, 107):
            shutil.copytree(root / "line" / "2", folder / str(number))
            models.refresh()
            models.refresh()
            assert models.find("line").version == number
        done.set()
        for caller in callers:
            caller.result()
    assert set(seen) == {100.0, 2.0}
    assert {state.state for number, state in models.states("line").items() if number != 106} == {"END"}


def test_after_the_end_nothing_is_found(root):
    models = Models([settings(root, "other")])
    found = models.find("other")
    models.close()
    assert not models.is_ready
    with pytest.raises(RequestError, match="Servable not found"):
        models.find("other")
    assert found.run("serving_default", {"x": [1.0]})["y"].item() == 101.0


def test_the_log_says_which_versions_a_reload_serves_with_which_engine(root, caplog):
    def said() -> list[str]:
        return [each.getMessage() for each in caplog.records if each.levelname == "INFO"]

    caplog.set_level(logging.INFO)
    models = Models([settings(root, "line")])
    assert said() == []  # who starts a server says what it begins with
    load = models._load

    def noted(name, number, folder):
        version = load(name, number, folder)
        version.note = "TensorFlow computes the network, as asked for."
        return version

    models._load = noted
    models.reload([settings(root, "other"), ModelSettings("again", root / "line", latest=2)])
    note = "TensorFlow computes the network, as asked for."
    assert said() == [
        "Version 4 of line is served no more.",
        f"Version 1 of other is served. {note}",
        f"Version 3 of again is served. {note}",
        f"Version 4 of again is served. {note}",
    ]
    caplog.clear()
    with pytest.raises(ValueError, match="no version"):
        models.reload([settings(root, "line"), ModelSettings("none", root)])
    assert said() == []  # nothing changed
