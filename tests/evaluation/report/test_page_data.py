import base64
import json

import numpy as np
import pytest

from imgcls.evaluation.report import page_data as module
from imgcls.evaluation.report.answers import Answers
from imgcls.evaluation.report.page_data import as_json, by_importance, page_data
from tests.evaluation.predicted import predicted, several


def numbers(packed, kind):
    return np.frombuffer(base64.b64decode(packed), kind)


@pytest.fixture
def table(tmp_path):
    probabilities = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3], [0.4, 0.6], [0.05, 0.95]]
    return predicted(tmp_path, ["a", "a", "a", "b", "b", "b"], probabilities, ["a", "b"])


def test_mistakes_come_first_and_then_the_least_sure_of_each_class_in_turn(table):
    assert by_importance(Answers(table)).tolist() == [1, 3, 2, 4, 0, 5]


def test_the_columns_say_of_each_image_what_the_page_shows(table):
    data = page_data(table)
    values = data.values
    assert values["files"][:2] == ["1.png", "3.png"]
    assert numbers(values["right"], np.uint8).tolist() == [0, 0, 1, 1, 1, 1]
    assert numbers(values["classes"], np.uint16).reshape(-1, 2)[0].tolist() == [1, 0]
    assert numbers(values["probabilities"], np.uint16)[0] == round(0.8 * 65_535)
    assert numbers(values["truth"]["classes"], np.uint16).tolist()[:2] == [0, 1]
    assert numbers(values["truth"]["starts"], np.uint32).tolist() == list(range(7))
    assert values["confusions"] == [0, 1, 1, 1, 0, 1]
    assert (values["found"], values["support"]) == ([2, 2], [3, 3])
    assert (data.images, data.rows, data.shown, data.mistakes, data.shown_mistakes) == (6, 6, 6, 2, 2)


def test_what_is_left_out_for_lack_of_room_is_counted(table, monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 3)
    monkeypatch.setattr(module, "MOST_BYTES", 1)
    data = page_data(table)
    assert (data.images, data.rows, data.shown, data.mistakes, data.shown_mistakes) == (6, 3, 0, 2, 0)
    assert data.values["found"] == [2, 2]  # of all images, not of the rows


def test_mistakes_have_their_nearest_training_images_once_each(table, tmp_path):
    training = predicted(tmp_path / "train", ["b", "a"], [[0.0, 1.0], [1.0, 0.0]], ["a", "b"])
    near = page_data(table, training).values["neighbours"]
    assert near["each"] == 2
    assert numbers(near["images"], np.uint32).tolist() == [0, 1]
    first = numbers(near["places"], np.uint32).reshape(-1, 2)[:, 0]
    assert [near["labels"][place] for place in first] == ["b", "a"]  # as the answers of the two are
    assert (numbers(near["thumbnail"], np.int32) >= 0).all()
    assert page_data(table, None).values["neighbours"] is None


def test_images_may_have_several_classes_or_none(tmp_path):
    values = page_data(several(tmp_path)).values
    assert values["several"] is True
    assert numbers(values["truth"]["starts"], np.uint32)[-1] == 4
    assert sorted(np.diff(numbers(values["truth"]["starts"], np.uint32))) == [0, 1, 1, 2]
    assert values["confusions"] == []


def test_images_can_be_chosen_by_what_is_known_of_them(table):
    table.rows["format"] = ["PNG", "JPEG"] * 3
    table.rows["grayscale"] = [True, False, False] * 2
    table.rows["width"] = [10, 20, 30, 40, 50, 60]
    table.rows["sharpness"] = np.nan
    found = {each["name"]: each["values"] for each in page_data(table).values["properties"]}
    assert found["format"] == ["JPEG", "PNG"]
    assert found["colour"] == ["gray", "in colour"]
    assert found["width"] == ["10 to 26.7", "26.7 to 43.3", "43.3 to 60", "not measured"]
    assert "sharpness" not in found


def test_json_cannot_end_the_script_that_it_stands_in():
    hostile = {"</script><!--": "\u2028 é \udce9"}
    text = as_json(hostile)
    assert "<" not in text
    assert text.isascii()
    assert json.loads(text) == hostile
