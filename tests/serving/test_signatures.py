"""A bundle that decides: its signatures, its Python, its REST API, and the same from another engine."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from urllib.request import urlopen

import numpy as np
import pytest
import tensorflow as tf

from imgcls.data.images.reading import read_images
from imgcls.engines import engine as engines
from imgcls.layers import judgement as layers
from imgcls.models.classifier import embedding_model, judgement_models, logits_model, with_judgement
from imgcls.serving import signatures
from imgcls.serving.bundle import load_bundle, write_bundle
from imgcls.serving.client import Client
from imgcls.serving.formats.saved_model import SavedModelEngine
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.parity import Parity, Reference
from imgcls.workflow.predictor import predictor_of_model
from tests.serving.conftest import CLASS_NAMES, PREPROCESSING, exported, judge_pixels, models_of, serving

ALONE = """
import json, sys
sys.modules["keras"] = None
import numpy, tensorflow
model = tensorflow.saved_model.load(sys.argv[1])
data = [open(path, "rb").read() for path in sys.argv[2:]]
found = model.signatures["serving_default"](image_bytes=tensorflow.constant(data))
print(json.dumps([name.decode() for name in found["decision"].numpy()]))
print(json.dumps(found["prediction_set"].numpy().tolist()))
print("imgcls" in sys.modules)
"""


@pytest.fixture(scope="module")
def pixels(images):
    return np.stack([outcome.result for outcome in read_images(images, PREPROCESSING)])


@pytest.fixture(scope="module")
def expected(judged, pixels):
    from imgcls.models.classifier import judgement_models

    return judge_pixels(judgement_models(judged), pixels)


def sets(expected) -> list[set[str]]:
    return [
        {name for name, member in zip(CLASS_NAMES, row, strict=True) if member} for row in expected["prediction_set"]
    ]


def test_the_words_are_the_same_everywhere():
    assert layers.OUTPUTS == engines.JUDGEMENT
    assert (layers.NOT_SURE, layers.NONE_OF_THESE) == (signatures.NOT_SURE, signatures.NONE_OF_THESE)


def test_the_images_get_every_kind_of_answer(expected):
    assert {"not sure", "none of these"} < set(expected["decision"])
    assert 1 < expected["prediction_set"].sum(axis=1).mean() < 10


@pytest.mark.thorough
def test_each_prediction_has_its_decision_and_what_it_was_before(judged_bundle, bundle, images, expected):
    files = [path.read_bytes() for path in images]
    found, before = judged_bundle([*files, b""]), bundle([*files, b""])
    assert [each.decision for each in found] == [*expected["decision"], ""]
    assert [set(each.prediction_set) for each in found] == [*sets(expected), set()]
    np.testing.assert_allclose([each.unknown_score for each in found[:-1]], expected["unknown_score"], atol=1e-5)
    assert found[-1].unknown_score == 0.0
    for one, other in zip(found, before, strict=True):
        classes, probabilities, problem = one
        assert (classes, problem) == (other.classes, other.problem)
        np.testing.assert_allclose(probabilities, other.probabilities, atol=1e-5)
        assert one.prediction_set == [name for name in classes if name in one.prediction_set]
        assert (other.decision, other.prediction_set, other.unknown_score) == ("", [], 0.0)


def test_the_decision_is_blank_where_an_image_has_a_problem(judged_bundle, images):
    data = np.array([b"no image", images[0].read_bytes()], object)
    found = judged_bundle.model.run("serving_default", {"image_bytes": data})
    assert found["decision"][0] == b""
    assert not found["prediction_set"][0].any()
    assert found["unknown_score"][0] == 0.0
    assert found["prediction_set"].dtype == bool
    nothing = judged_bundle.model.run("serving_default", {"image_bytes": np.array([], object)})
    assert nothing["prediction_set"].shape == (0, 10)
    assert nothing["decision"].shape == nothing["unknown_score"].shape == (0,)


@pytest.mark.thorough
def test_a_process_with_tensorflow_alone_gets_the_decisions(judged_path, images, expected):
    program = [sys.executable, "-c", ALONE, str(judged_path), *map(str, images)]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd="/")
    decisions, members, imported = done.stdout.splitlines()
    assert json.loads(decisions) == list(expected["decision"])
    assert [sum(row) for row in json.loads(members)] == expected["prediction_set"].sum(axis=1).tolist()
    assert imported == "False"


def test_pixels_get_the_same_decisions(judged_bundle, pixels, expected):
    found = judged_bundle.model.run("pixels", {"pixels": pixels})
    assert [name.decode() for name in found["decision"]] == list(expected["decision"])
    assert "problem" not in found


def test_the_engine_gives_logits_and_embedding_in_the_order_of_the_classes(judged_bundle, judged, pixels):
    found = judged_bundle.engine.predict(pixels)
    assert set(judged_bundle.engine.outputs) == {"probabilities", "logits", "embedding", *engines.JUDGEMENT}
    np.testing.assert_allclose(found["probabilities"], judged(pixels, training=False), atol=1e-5)
    np.testing.assert_allclose(found["logits"], logits_model(judged)(pixels, training=False), atol=1e-4)
    np.testing.assert_allclose(found["embedding"], embedding_model(judged)(pixels, training=False), atol=1e-4)
    assert judged_bundle.engine.predict(pixels[:0])["logits"].shape == (0, 10)


@pytest.mark.parametrize("source", ["run", "saved_model", "openvino"])
@pytest.mark.thorough
def test_every_engine_decides_alike(source, judged, judged_bundle, images, expected):
    if source == "run":
        predictor = predictor_of_model(judged)
    else:
        predictor = judged_bundle if source == "saved_model" else load_bundle(judged_bundle.path, source)
    found = predictor.predict([*images, b""])
    assert found.is_judged
    assert found.decisions == [*expected["decision"], ""]
    assert [set(names) for names in found.prediction_sets] == [*sets(expected), set()]
    ranked = found.ranked()
    assert [each.decision for each in ranked] == found.decisions
    assert ranked[0].prediction_set == found.prediction_sets[0]
    assert np.isfinite(ranked[-1].unknown_score)
    table = found.table(2)
    assert list(table.columns)[-4:] == ["decision", "unknown_score", "prediction_set", "problem"]
    assert table["prediction_set"][0] == " | ".join(found.prediction_sets[0])
    np.testing.assert_allclose(table["unknown_score"][:-1], expected["unknown_score"], atol=1e-4)
    assert np.isnan(table["unknown_score"].iloc[-1])
    assert predictor.predict([b"", b""]).decisions == ["", ""]
    assert predictor.predict([]).decisions == []


def test_a_score_that_was_not_fitted_is_not_0_but_nothing(tmp_path, classifier, images):
    model = with_judgement(classifier, 1.0, layers.Judgement(len(CLASS_NAMES)))
    parts = replace(exported(model), judgement_facts={"unknown": None})
    judge = partial(judge_pixels, judgement_models(model))
    bundle = load_bundle(write_bundle(tmp_path, "few", parts, Reference(model, images, judge)))
    for predictor in (predictor_of_model(model), bundle):
        found = predictor.predict(images)
        assert found.table()["unknown_score"].isna().all()
        assert list(predictor.predict([]).table()) == list(found.table())
        assert np.isnan(found.ranked()[0].unknown_score)
        assert all(found.decisions)
    assert np.isnan(bundle(images)[0].unknown_score)
    with serving(models_of(bundle.path.parent)) as url, Client(url, "few") as client:
        assert np.isnan(client.predict(images[:1])[0].unknown_score)
        with urlopen(f"{url}/classify", images[0].read_bytes()) as answer:
            (row,) = json.loads(answer.read())["predictions"]
    assert row["decision"]
    assert "unknown_score" not in row


def test_the_server_and_the_client_pass_it_on(served_judged, images, expected):
    with serving(served_judged) as url, Client(url, "clothing") as client:
        found = client.predict([*images[:3], b"no image"])
    assert [each.decision for each in found] == [*expected["decision"][:3], ""]
    assert [set(each.prediction_set) for each in found] == [*sets(expected)[:3], set()]
    np.testing.assert_allclose([each.unknown_score for each in found[:3]], expected["unknown_score"][:3], atol=1e-5)


def test_the_bundle_says_how_far_it_agrees_and_what_was_fitted(judged_path):
    details = json.loads((judged_path / "assets" / "imgcls.json").read_text("utf-8"))
    assert details["judgement"] == {"set_method": "aps"}
    for parity in (details["parity"], details["formats"]["openvino"]["parity"]):
        assert parity["other_decisions"] == 0
        assert 0 <= parity["unknown_difference"] <= 1e-3


@pytest.mark.parametrize("parity", [Parity(0.0, 20, 3, 0.0), Parity(0.0, 20, 0, 0.1), Parity(0.0, 20, 0, float("nan"))])
def test_a_bundle_that_decides_otherwise_is_not_kept(parity):
    with pytest.raises(RuntimeError, match=r"The bundle \(IR\) decides otherwise than the run's model for \d of 20"):
        parity.check("IR")
    assert Parity(0.0, 20, 1, 1e-4).check("IR")["other_decisions"] == 1


def test_a_bundle_of_before_still_answers(bundle_path, images, pixels, tmp_path, monkeypatch):
    """One without the signature "outputs"."""
    shutil.copytree(bundle_path, tmp_path / "clothing" / "1")
    model = LoadedModel(tmp_path / "clothing" / "1")
    now = SavedModelEngine(model, CLASS_NAMES).predict(pixels)
    assert set(now) == {"probabilities", "logits", "embedding"}
    model.signature_defs.pop("outputs")
    engine = SavedModelEngine(model, CLASS_NAMES)
    assert engine.outputs == ("probabilities",)
    np.testing.assert_allclose(engine.predict(pixels)["probabilities"], now["probabilities"], atol=1e-5)


def test_a_model_without_judgement_has_the_outputs_of_before(bundle):
    outputs = bundle.model.signature_defs["serving_default"].outputs
    assert set(outputs) == {"classes", "probabilities", "problem"}
    found = bundle.predict([b""])
    assert not found.is_judged
    assert "decision" not in found.table().columns
    assert tf.as_dtype(outputs["probabilities"].dtype) == tf.float32


def test_each_image_gets_as_many_classes_as_it_asks_for(judged_bundle, images):
    data = [path.read_bytes() for path in images[:4]]
    everything = judged_bundle.model.run("serving_default", {"image_bytes": data})
    found = judged_bundle.model.run("top_k", {"image_bytes": data, "k": [1, 3, 2, 3]})
    assert set(found) == {"classes", "probabilities", "decision", "unknown_score", "problem"}
    assert found["classes"].shape == found["probabilities"].shape == (4, 3)
    for row, k in enumerate([1, 3, 2, 3]):
        assert list(found["classes"][row]) == [*everything["classes"][row][:k], *[b""] * (3 - k)]
        np.testing.assert_allclose(found["probabilities"][row][:k], everything["probabilities"][row][:k], atol=1e-5)
        assert not found["probabilities"][row][k:].any()
    assert list(found["decision"]) == list(everything["decision"])


def test_a_k_out_of_range_fails_no_other_image(bundle, images):
    good = images[0].read_bytes()
    found = bundle.model.run("top_k", {"image_bytes": [good, good, b"no image", good], "k": [99, 0, -7, 2]})
    assert found["classes"].shape == (4, 10)
    assert all(found["classes"][0])
    assert list(found["problem"])[:2] == [b"", b"k is 0; expected at least 1"]
    assert found["problem"][2].startswith(b"no image that the model can decode")
    assert not any(found["classes"][1:3].flat)
    assert [bool(name) for name in found["classes"][3]] == [True] * 2 + [False] * 8
    none_is_large_enough = bundle.model.run("top_k", {"image_bytes": [good], "k": [0]})
    assert none_is_large_enough["classes"].tolist() == [[b""]]
    nothing = bundle.model.run("top_k", {"image_bytes": np.array([], object), "k": np.array([], np.int32)})
    assert nothing["classes"].shape == (0, 1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="k needs one number for each image"):
        bundle.model.run("top_k", {"image_bytes": [good, good], "k": [1]})


def test_what_preprocess_gives_is_what_the_network_was_trained_on(bundle, images, pixels):
    data = [path.read_bytes() for path in images]
    found = bundle.model.run("preprocess", {"image_bytes": [*data, b""]})
    np.testing.assert_array_equal(found["pixels"][:-1], pixels)
    assert not found["pixels"][-1].any()
    assert found["problem"][-1] == b"the file is empty (0 bytes)"
