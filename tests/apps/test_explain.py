"""What is explained about an answer."""

import shutil

import pytest
from PIL import Image
from worker.tasks import explain

from tests.apps.conftest import SAMPLE


def test_a_map_is_drawn_for_the_answer_and_the_class_that_it_is_held_against():
    assert list(explain._asked(["bag", "shoe", "hat"], "hat").values()) == [("bag", ""), ("hat", ""), ("bag", "hat")]
    assert list(explain._asked(["bag", "shoe"], "bag").values()) == [("bag", ""), ("shoe", ""), ("bag", "shoe")]


def test_a_run_with_one_class_is_held_against_none():
    assert explain._asked(["bag"], "bag") == {"For bag": ("bag", "")}
    assert explain._asked(["bag"], "") == {"For bag": ("bag", "")}


def test_a_picture_that_was_cut_off_is_drawn_again(here, monkeypatch):
    class Picture:
        def save(self, file):
            file.write_bytes(b"half")
            raise OSError("No space left on device")

    for name, given in {"_network": None, "_pixels": explain.np.zeros((8, 8, 3)), "activation_maps": [None]}.items():
        monkeypatch.setattr(explain, name, lambda *_, given=given: given)
    monkeypatch.setattr(explain, "activation_picture", lambda *_, **__: Picture())
    file = here / "found" / "conv.png"
    (here / "run").mkdir()
    (here / "run" / "config.toml").touch()
    with pytest.raises(OSError, match="No space"):
        explain.activations("run", str(file), "a.png", None, "conv", False)
    assert not file.exists()
    monkeypatch.setattr(explain, "activation_picture", lambda *_, **__: Image.new("RGB", (8, 8)))
    explain.activations("run", str(file), "a.png", None, "conv", False)
    with Image.open(file) as drawn:
        assert drawn.size == (8, 8)


def test_a_run_that_is_deleted_meanwhile_does_not_come_back(small_run, here, monkeypatch):
    run = here / "small"
    shutil.copytree(small_run.path, run)
    found = run / "looked_into"
    image = next((SAMPLE / "test" / "bag").iterdir())
    network = explain._network(str(run))

    def gone(*_):
        shutil.rmtree(run, ignore_errors=True)
        return network

    monkeypatch.setattr(explain, "_network", gone)
    asked = {"run": str(run), "path": str(image), "box": None}
    monkeypatch.setattr(explain, "_neighbours", lambda *_: [])
    monkeypatch.setattr(explain, "RunFolder", lambda run: run)
    for ask in (
        lambda: explain.look_into(folder=str(found / "a"), true="bag", **asked),
        lambda: explain.activations(file=str(found / "b.png"), layer=network.maps[-1].name, dark=False, **asked),
    ):
        with pytest.raises(ValueError, match="The run small was deleted"):
            ask()
        assert not run.exists()
