"""What is explained about an answer."""

import pytest
from PIL import Image
from worker.tasks import explain


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
    monkeypatch.setattr(explain, "activation_picture", lambda *_: Picture())
    file = here / "found" / "conv.png"
    with pytest.raises(OSError, match="No space"):
        explain.activations("run", str(file), "a.png", None, "conv")
    assert not file.exists()
    monkeypatch.setattr(explain, "activation_picture", lambda *_: Image.new("RGB", (8, 8)))
    explain.activations("run", str(file), "a.png", None, "conv")
    with Image.open(file) as drawn:
        assert drawn.size == (8, 8)
