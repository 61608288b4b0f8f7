"""The files beside the bundles: what TensorFlow Serving reads in them, and what an operator changed in them."""

import pytest
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from imgcls.serving.server_files import SERVER_FILES, is_changed, write_server_files
from imgcls.serving.versions import MODEL


@pytest.fixture
def folder(tmp_path):
    add_version(tmp_path, "väskor", 3)
    add_version(tmp_path, "flowers", 1)
    (tmp_path / "flowers" / ".partial-2").mkdir()
    (tmp_path / "flowers" / "7").mkdir()  # without a model
    (tmp_path / "notes").mkdir()
    (tmp_path / "README.md").touch()
    write_server_files(tmp_path)
    return tmp_path


def add_version(folder, name, number):
    (folder / name / str(number)).mkdir(parents=True)
    (folder / name / str(number) / MODEL).touch()


def models(folder) -> dict[str, ModelServerConfig]:
    text = (folder / "models.config").read_text("utf-8")
    found = text_format.Parse(text, ModelServerConfig()).model_config_list.config
    return {config.name: config for config in found}


def labels(folder, name) -> dict[str, int]:
    config = models(folder)[name]
    assert sorted(set(config.version_labels.values())) == list(config.model_version_policy.specific.versions)
    return dict(config.version_labels)


def test_each_bundle_has_an_entry(folder):
    assert list(models(folder)) == ["flowers", "väskor"]
    config = models(folder)["väskor"]
    assert (config.base_path, config.model_platform) == ("/models/väskor", "tensorflow")
    assert labels(folder, "väskor") == {"stable": 3, "canary": 3}
    assert labels(folder, "flowers") == {"stable": 1, "canary": 1}


def test_a_new_version_is_the_canary_and_the_old_one_stays_stable(folder):
    for number in (2, 10):
        add_version(folder, "flowers", number) if number == 2 else add_version(folder, "flowers", 10)
        write_server_files(folder)
        assert labels(folder, "flowers") == {"stable": 1, "canary": number}
    (folder / "flowers" / "1" / MODEL).unlink()
    write_server_files(folder)
    assert labels(folder, "flowers") == {"stable": 10, "canary": 10}
    assert labels(folder, "väskor") == {"stable": 3, "canary": 3}


@pytest.mark.parametrize("name", SERVER_FILES)
def test_what_an_operator_changed_stays(folder, name):
    path = folder / name
    assert not is_changed(path)
    mine = path.read_text("utf-8") + "# mine\n"
    path.write_text(mine, "utf-8")
    add_version(folder, "flowers", 2)
    write_server_files(folder)
    assert path.read_text("utf-8") == mine
    assert [other for other in SERVER_FILES if is_changed(folder / other)] == [name]
    path.unlink()
    write_server_files(folder)
    assert not is_changed(path)


def test_a_file_of_somebody_else_is_left_alone(folder):
    for content in (b"", b"\xff\xfe", b"model_config_list { config { name: 'flowers' } }\n"):
        (folder / "models.config").write_bytes(content)
        write_server_files(folder)
        assert (folder / "models.config").read_bytes() == content
