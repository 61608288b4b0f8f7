import time

from imgcls.cli import run_serve
from imgcls.cli.serving_flags import BatchingFlags, ModelFlags
from imgcls.serving.server.core.models import Models
from tests.serving.conftest import save_linear

ENTRY = 'config {{ name: "{}" base_path: "{}" model_platform: "tensorflow" }}'


def test_a_config_file_that_changes_while_its_models_load_is_read_again(tmp_path, monkeypatch):
    save_linear(tmp_path / "line" / "1", 0.5, 3.0)
    path, entries = tmp_path / "models.config", [ENTRY.format(name, tmp_path / "line") for name in ("half", "line")]

    def loaded(*arguments):
        models = Models(*arguments)
        path.write_text(f"model_config_list {{ {' '.join(entries)} }}")
        return models

    path.write_text(f"model_config_list {{ {entries[0]} }}")
    monkeypatch.setattr(run_serve, "Models", loaded)
    settings = run_serve.Settings(
        most_bytes=1 << 20,
        most_instances=10,
        most_pixels=10,
        threads=1,
        poll_seconds=1.0,
        drain_seconds=1.0,
        models=ModelFlags(model_config_file=path, model_config_poll_seconds=0.01),
        batching=BatchingFlags(),
    )
    models, deadline = run_serve._models([], settings), time.monotonic() + 20
    while models.names != ["half", "line"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
