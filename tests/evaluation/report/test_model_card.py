import re
from dataclasses import replace

import huggingface_hub
import numpy as np
import pytest
import yaml

from imgcls.evaluation.metrics import evaluate_predictions
from imgcls.evaluation.report.model_card import ModelCard, metadata, write_model_card
from tests.evaluation.predicted import predicted, several

SECTIONS = [
    "Intended use",
    "How to use",
    "Training data",
    "Training procedure",
    "Evaluation",
    "Limitations",
    "Environment",
]
SPLITS = {"train": {"bag": 40, "shoe": 30}, "test": {"bag": 30, "shoe": 20}}


def card_of(table, **more) -> ModelCard:
    labels = [label or table.class_names[0] for label in table.rows["label"]]
    evaluation = evaluate_predictions(labels, table.probabilities, list(table.class_names))
    given = {"title": "photos-1", "run": "runs/photos-1", "facts": {"model": "resnet20", "data": "fashion_mini"}}
    return ModelCard(**{**given, "evaluation": evaluation, "table": table, **more})


def written(folder, card) -> tuple[dict, str]:
    """The head and the body."""
    write_model_card(folder / "model_card.md", card)
    text = (folder / "model_card.md").read_text("utf-8")
    _, head, body = re.split(r"^---$", text, maxsplit=2, flags=re.M)
    return yaml.safe_load(head), body


@pytest.fixture
def table(tmp_path):
    right, wrong = [0.9, 0.1], [0.2, 0.8]
    probabilities = [right] * 27 + [wrong] * 3 + [wrong] * 12 + [right] * 8
    return predicted(tmp_path / "images", ["bag"] * 30 + ["shoe"] * 20, probabilities, ["bag", "shoe"])


def test_the_head_has_the_fields_that_tools_read(table, tmp_path):
    head, _ = written(tmp_path, card_of(table, license="apache-2.0"))
    assert head["library_name"] == "keras"
    assert head["pipeline_tag"] == "image-classification"
    assert head["license"] == "apache-2.0"
    assert head["datasets"] == ["fashion_mini"]
    assert {"imgcls", "resnet20"} <= set(head["tags"])
    assert {"accuracy", "f1"} <= set(head["metrics"])
    (model,) = head["model-index"]
    (result,) = model["results"]
    assert model["name"] == "photos-1"
    assert set(result) == {"task", "dataset", "metrics"}
    assert result["task"]["type"] == "image-classification"
    assert result["dataset"] == {"type": "fashion_mini", "name": "fashion_mini", "split": "test"}
    figures = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert figures["accuracy"] == 0.78
    assert all(isinstance(value, float) for value in figures.values())


def test_what_is_not_known_is_left_out(table):
    head = metadata(card_of(table, facts={"model": "", "data": "/home/me/my photos"}))
    assert not {"license", "datasets"} & set(head)
    assert "" not in head["tags"]


def test_the_body_says_what_it_is_for_and_where_it_is_weak(table, tmp_path):
    more = {"splits": SPLITS, "config": '[training]\nname = "```"', "limitations": ["Dark images: 3 of 9."]}
    _, body = written(tmp_path, card_of(table, **more))
    assert re.findall(r"^## (.*)$", body, re.M) == SECTIONS
    assert "It names 78 of 100 new images rightly (65 to 87)." in body
    assert "| bag | 40 | 30 |" in body
    assert "- `shoe` is found in 60 of 100 images (39 to 78)." in body
    assert "- Dark images: 3 of 9." in body
    assert "| shoe | 20 | 60.0 % | 38.7 to 78.1 % | 80.0 % | 54.8 to 93.0 % |" in body
    assert "python -m imgcls.predict runs/photos-1" in body
    assert "````toml" in body


def test_hostile_names_stay_names(tmp_path):
    names = ["a|b", "`rm`", "<script>", "x: [y]\n---\n# z", "👟"]
    table = predicted(tmp_path / "images", names, np.eye(5) * 0.6 + 0.08, names)
    head, body = written(tmp_path, card_of(table, title="a: |\n---\nb", run="runs/a b", license=""))
    assert head["model-index"][0]["name"] == "a: |\n---\nb"
    assert "<script>" not in re.sub(r"`[^`]*`", "", body).replace(r"\<script\>", "")
    assert re.findall(r"^## (.*)$", body, re.M) == SECTIONS
    assert "'runs/a b'" in body


def test_several_labels_an_image_and_few_images_have_a_card_too(tmp_path):
    head, body = written(tmp_path, card_of(several(tmp_path / "images")))
    assert head["model-index"][0]["results"]
    assert "which of these classes are in an image" in body


def test_a_card_of_nothing_is_refused(table, tmp_path):
    card = card_of(table)
    with pytest.raises(ValueError, match="no image was judged"):
        write_model_card(tmp_path / "card.md", replace(card, table=table.take(np.array([], int))))


def test_the_hub_reads_the_card(table, tmp_path):
    write_model_card(tmp_path / "README.md", card_of(table))
    card = huggingface_hub.ModelCard.load(tmp_path / "README.md")
    assert card.data.model_name == "photos-1"
    (accuracy,) = [result for result in card.data.eval_results if result.metric_type == "accuracy"]
    assert (accuracy.metric_value, accuracy.dataset_split) == (0.78, "test")
