import logging
import threading

import pytest

from imgcls.serving.server.core.model_config_file import ConfigFileWatch, read_model_config
from imgcls.serving.server.core.model_settings import ModelSettings
from tests.serving.conftest import save_linear

ENTRY = """config {{
  name: "{name}" base_path: "{path}" model_platform: "tensorflow" {more}
}}"""


def config(folder, *entries: str) -> str:
    for name in ("flowers", "birds"):
        (folder / name).mkdir(exist_ok=True)
    return "model_config_list {" + "\n".join(entries) + "}"


def entry(name: str, path: str, more: str = "") -> str:
    return ENTRY.format(name=name, path=path, more=more)


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("", {}),
        ("model_version_policy { all {} }", {"latest": 0}),
        ("model_version_policy { latest { num_versions: 2 } }", {"latest": 2}),
        ("model_version_policy { latest {} }", {"latest": 1}),
        ("model_version_policy { specific { versions: 3 versions: 4 } }", {"versions": (3, 4)}),
        ('version_labels { key: "stable" value: 3 }', {"labels": {"stable": 3}}),
    ],
)
def test_policies_and_labels(tmp_path, policy, wanted):
    path = tmp_path / "models.config"
    path.write_text(config(tmp_path, entry("flowers", "flowers", policy), entry("birds", f"{tmp_path}/birds")))
    assert read_model_config(path) == [
        ModelSettings("flowers", tmp_path / "flowers", **wanted),
        ModelSettings("birds", tmp_path / "birds"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("model_config_list {", "is no model config file"),
        ("", "has no model_config_list"),
        ('model_config_list { config { name: "flowers" } }', "it needs both"),
        (entry("flowers", "flowers").replace("tensorflow", "pytorch"), "this server knows 'tensorflow'"),
        (entry("flowers", "flowers", "model_version_policy { specific {} }"), "names none"),
        (entry("flowers", "nowhere"), "there is nothing at"),
        (entry("flowers", "flowers") + entry("flowers", "birds"), "Two models are called 'flowers'"),
    ],
)
def test_what_cannot_be_served_is_said(tmp_path, text, problem):
    path = tmp_path / "models.config"
    path.write_text(config(tmp_path, text) if text.startswith("config") else text)
    with pytest.raises(ValueError, match=problem):
        read_model_config(path)


def test_a_changed_file_is_handed_on_and_a_wrong_one_said_once(tmp_path, caplog):
    path, got = tmp_path / "models.config", []
    path.write_text(config(tmp_path, entry("flowers", "flowers")))
    watch = ConfigFileWatch(path, read_model_config(path), got.append, 3600.0)
    watch.look()
    assert got == []
    path.write_text(config(tmp_path, entry("birds", "birds")))
    watch.look()
    watch.look()
    assert got == [[ModelSettings("birds", tmp_path / "birds")]]
    path.write_text("model_config_list {")
    with caplog.at_level(logging.WARNING):
        watch.look()
        watch.look()
    assert len(got) == 1
    assert caplog.text.count("Nothing was changed") == 1
    watch.close()


def test_it_is_looked_at_again_and_again(tmp_path):
    path, changed = tmp_path / "models.config", threading.Event()
    path.write_text(config(tmp_path, entry("flowers", "flowers")))
    watch = ConfigFileWatch(path, read_model_config(path), lambda settings: changed.set(), 0.01)
    path.write_text(config(tmp_path, entry("birds", "birds")))
    assert changed.wait(20)
    watch.close()


def test_a_folder_of_a_container_is_found_beside_the_file(tmp_path):
    path = tmp_path / "models.config"
    path.write_text(config(tmp_path, entry("flowers", "/models/flowers")))
    assert read_model_config(path) == [ModelSettings("flowers", tmp_path / "flowers")]


def test_the_folder_of_a_format_is_called_by_its_name(tmp_path):
    save_linear(tmp_path / "photos" / "1", 1.0, 2.0)
    (tmp_path / "photos" / "1" / "onnx").mkdir()
    path = tmp_path / "models.config"
    path.write_text(f"model_config_list {{ {entry('photos', 'photos/1/onnx')} }}")
    with pytest.raises(
        ValueError, match=r"photos/1/onnx is one format of a bundle, not the bundle\. Name .*photos/1 instead"
    ):
        read_model_config(path)
