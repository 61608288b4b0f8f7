"""What is said of an image that may have several classes, or none: by a model here, by a server, and by a job."""

import numpy as np
import pandas as pd
import pytest
from jobs.programs.name_on_server import _row
from parts.predict.answer import reasons
from parts.predict.cards import cards
from parts.predict.said import NAMED, NONE, UNSURE, as_table, said_of
from projects.answers import COLUMNS, add_pictures, put, rows_of, start_answer
from projects.models import SERVER, Model
from projects.project import create_project
from worker.tasks.predict import _said_by_server

from imgcls.image_files import NEEDS_HEIF, UNKNOWN_FORMAT
from imgcls.serving.prediction import Prediction

ROW = {**COLUMNS, "waits": False, "classes": ["sea", "sky", "sun"], "probabilities": [0.9, 0.6, 0.1]}
SAID = {  # of images by a server: two classes, surely one, none
    "two": Prediction(["sea", "sky"], [0.9, 0.8], ""),
    "one": Prediction(["sky", "sea"], [0.98, 0.02], ""),
    "none": Prediction(["sea", "sky"], [0.02, 0.01], ""),
}


class File:
    """An uploaded image of one pixel."""

    def __init__(self, name: str, value: int) -> None:
        self.name, self.value = name, value

    def getvalue(self) -> bytes:
        return b"P5 1 1 255 %c" % self.value


@pytest.fixture
def answer(here):
    project = create_project("Sea")
    return project, start_answer(project, Model(SERVER, "http://127.0.0.1:9/v1/models/sea"))


def test_of_several_classes_those_are_named_that_are_sure_enough():
    row = {**ROW, "several": True, "labels": ["sea", "sky"]}
    assert said_of(row, 0.5) == (NAMED, "sea, sky")
    assert said_of(row, 0.8) == (NAMED, "sea")
    assert said_of(row, 0.95).kind == UNSURE


def test_exactly_the_threshold_is_enough_as_the_model_itself_decides():
    from imgcls.evaluation.judgement.selective import Thresholds

    for least in (0.7, 0.9, 1.0):
        chance = np.float32(least)  # as the model gives it, which is less than 0.7 by a rounding
        assert Thresholds(np.array([least, least], np.float32)).chosen(np.array([[chance, 0]]))[1].all()
        assert said_of({**ROW, "probabilities": [float(chance)]}, least) == (NAMED, "sea")
        assert said_of({**ROW, "several": True, "labels": ["sea"], "probabilities": [float(chance), 0, 0]}, least) == (
            NAMED, "sea",
        )  # fmt: skip
        assert said_of({**ROW, "probabilities": [float(np.nextafter(chance, np.float32(0)))]}, least).kind == UNSURE


@pytest.mark.parametrize(
    ("chance", "threshold", "shown"),
    [(0.99998, 1.0, "99.998"), (0.9999999, 1.0, "just below 100"), (0.79996, 0.8, "79.996"), (1.0, 1.0, "100.0"),
     (0.99998, 0.5, "100.0"), (0.8, 0.8, "80.0")],
)  # fmt: skip
def test_a_figure_does_not_say_that_it_reaches_a_threshold_that_it_does_not_reach(chance, threshold, shown):
    row = {**ROW, "probabilities": [chance, 0.0, 0.0]}
    html = cards([row], threshold)
    assert f"<span>{shown}\N{NO-BREAK SPACE}%</span>" in html
    assert ("Not sure" in html) == (chance < threshold)


def test_an_image_without_any_of_several_classes_is_not_named():
    assert said_of({**ROW, "several": True, "probabilities": [0.02, 0.01, 0.0]}, 0.0) == (NONE, "none of the classes")
    assert said_of(ROW, 0.0) == (NAMED, "sea")


def test_a_server_is_understood_by_its_probabilities(answer):
    project, answer = answer
    add_pictures(project, answer, [File(f"{name}.pgm", place) for place, name in enumerate(SAID)])
    keys = rows_of(answer)["sha256"]
    put(answer, [_said_by_server(key, said) for key, said in zip(keys, SAID.values(), strict=True)])
    found = [said_of(row, 0.0) for row in rows_of(answer).to_dict("records")]
    assert found == [(NAMED, "sea, sky"), (NAMED, "sky"), (NONE, "none of the classes")]


def test_a_server_of_classes_that_exclude_each_other_still_is(answer):
    project, answer = answer
    add_pictures(project, answer, [File("a.pgm", 1)])
    said = Prediction(["sea", "sky", "sun"], [0.4, 0.35, 0.25], "")
    put(answer, [_said_by_server(rows_of(answer)["sha256"].iloc[0], said)])
    assert said_of(rows_of(answer).iloc[0].to_dict(), 0.0) == (NAMED, "sea")


def test_a_job_that_asks_a_server_keeps_it_too(here):
    project = create_project("Sea")
    answer = start_answer(project, Model(SERVER, "http://127.0.0.1:9/v1/models/sea"), pictures="photos")
    (answer.folder / "parts").mkdir()
    rows = [_row(f"photos/{name}.png", said, "") for name, said in SAID.items()]
    pd.DataFrame(rows).to_parquet(answer.folder / "parts" / "part-00000.parquet")
    found = [said_of(row, 0.0).kind for row in rows_of(answer).to_dict("records")]
    assert found == [NAMED, NAMED, NONE]


def test_a_server_with_two_classes_has_two_bars(here):
    project = create_project("Sea")
    answer = start_answer(project, Model(SERVER, "http://127.0.0.1:9/v1/models/sea"), pictures="photos")
    (answer.folder / "parts").mkdir()
    rows = [
        _row("photos/a.png", Prediction(["sea", "sky"], [0.9, 0.1], ""), ""),
        _row("b.png", Prediction([], [], ""), "x"),
    ]
    pd.DataFrame(rows).to_parquet(answer.folder / "parts" / "part-00000.parquet")
    found = rows_of(answer)
    assert found["classes"].tolist() == [("sea", "sky"), ()]
    assert found["probabilities"].tolist() == [(0.9, 0.1), ()]
    html = cards(found.to_dict("records"), 0.0)
    assert html.count('class="bar"') == 2
    assert "nan" not in html


def test_an_answer_of_an_earlier_version_of_the_app_is_read(answer):
    _, answer = answer
    table = pd.DataFrame([{**ROW, "labels": ["sea"]}, {**ROW, "labels": []}]).drop(columns="several")
    table.to_parquet(answer.folder / "table.parquet")
    assert [said_of(row, 0.0).kind for row in rows_of(answer).to_dict("records")] == [NAMED, NONE]


def test_a_file_that_cannot_be_read_says_it_in_the_words_of_the_pages():
    assert "Ask who installed it" in said_of({**ROW, "problem": NEEDS_HEIF}, 0.5).text


def test_the_table_has_the_words_of_the_pages():
    rows = [{**ROW, "unknown_score": -0.0}, {**ROW, "classes": (), "probabilities": (), "problem": UNKNOWN_FORMAT}]
    table = as_table(pd.DataFrame(rows), 0.5)
    assert not [name for name in table if "_" in name]
    assert str(table["how unlike the training images"].iloc[0]) == "0.0"
    assert "who installed this app" in table["problem"].iloc[1]


def test_reasons_are_said_once_with_the_files_that_have_them():
    rows = [{**ROW, "image": f"{place}.png", "problem": "the file is empty"} for place in range(25)]
    rows.append({**ROW, "image": "$a$.heic", "problem": NEEDS_HEIF})
    first, second = reasons(pd.DataFrame(rows))
    assert first.startswith("- 0.png, 1.png, ")
    assert first.endswith(", 19.png and 5 more: the file is empty.")
    assert second.startswith("- \\$a\\$.heic: a HEIC file, for which this app lacks a package")
