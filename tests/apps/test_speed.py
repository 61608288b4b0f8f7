import keras
from worker.tasks import speed

from imgcls.files import read_json


def test_a_keras_model_that_does_not_say_its_pixels_is_timed_like_any_network(tmp_path, monkeypatch):
    monkeypatch.setattr(speed, "SECONDS", 0.01)
    keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3)]).save(tmp_path / "silent.keras")
    assert speed.of_network(str(tmp_path / "silent.keras"), 0, str(tmp_path / "speed.json"))
    found = read_json(tmp_path / "speed.json")
    assert found["image_size"] == 32
    assert min(found["looks"], found["last_blocks"], found["learns"]) > 0
