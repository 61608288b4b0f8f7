"""What is said where a folder of parts is of another command."""

import pytest

from imgcls.workflow.many_images.other_command import differences
from imgcls.workflow.many_images.predict import ManyImages, record_of

BEFORE = {
    "model": {"name": "fm/1", "sha256": "0a 1b"},
    "source": "/models/fm/1",
    "inputs": ["/a/photos"],
    "named": ["photos"],
    "shards": "1of1",
    "columns": ["image", "class", "probability", "class_2", "probability_2", "problem"],
    "suffix": ".parquet",
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"source": "/elsewhere/fm/1"}, []),
        ({"columns": ["image", "class", "probability", "problem"]}, ["--top was 2, now 1"]),
        (
            {"columns": ["image", "class", "class_2"]},
            ["the columns were image, class, probability, class_2, probability_2, problem, now image, class, class_2"],
        ),
        ({"suffix": ".csv", "shards": "1of2"}, ["--shards was 1/1, now 1/2", "--parts was parquet, now csv"]),
        ({"model": {"name": "fm/2", "sha256": "2c"}, "columns": ["image"]}, ["the model was fm/1, now fm/2"]),
        ({"model": {"name": "fm/1", "sha256": "2c"}}, ["the weights of the model fm/1 are other ones now"]),
        (
            {"model": {"name": "fm/1", "sha256": "0a 1b", "precision": "int8"}},
            ["--engine computed in float32, now in int8"],
        ),
        ({"named": ["/a/photos"]}, ["the images were named as photos, now as /a/photos"]),
        (
            {"inputs": ["/a/photos", *(f"/b/{number}" for number in range(9))], "named": ["x"]},
            ["the images were /a/photos, now /b/0, /b/1, /b/2, /b/3, /b/4 and 5 more"],
        ),
    ],
)
def test_each_difference_is_said_as_the_flags_say_it(changes, said):
    now = {**BEFORE, **changes}
    assert differences(BEFORE, dict(sorted(now.items(), key=lambda item: list(BEFORE).index(item[0])))) == said


def test_a_damaged_record_differs_in_nothing_and_an_older_one_in_what_it_has():
    assert differences({}, BEFORE) == []
    older = {name: value for name, value in BEFORE.items() if name not in ("named", "source")}
    assert differences(older, BEFORE) == []
    assert differences({**BEFORE, "model": None}, BEFORE) == ["the model was another, now fm/1"]
    assert len(differences({**BEFORE, "model": {**BEFORE["model"], "layout": 1}}, BEFORE)) == 1
    assert differences({**BEFORE, "columns": None}, BEFORE) == [f"columns was None, now {BEFORE['columns']!r}"]


def test_the_version_of_the_first_start_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def record():
        return record_of(ManyImages("saved_models/fm", ["photos"]))

    for number in (1, 2):
        version = tmp_path / "saved_models" / "fm" / str(number)
        version.mkdir(parents=True)
        (version / "saved_model.pb").write_bytes(bytes(number))
        if number == 1:
            before = record()
    (said,) = differences(before, record())
    assert said == "the model was fm/1, now fm/2; name saved_models/fm/1 to go on"
    assert differences(before, record_of(ManyImages("saved_models/fm/1", ["photos"]))) == []
