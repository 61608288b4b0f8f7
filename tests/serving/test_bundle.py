import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow_serving.apis import prediction_log_pb2

from imgcls.data.images.reading import read_images
from imgcls.models.classifier import embedding_model
from imgcls.serving import bundle as bundles
from imgcls.serving import parity as parities
from imgcls.serving.bundle import load_bundle
from imgcls.serving.compatibility.targets import NEWEST_SERVING
from imgcls.serving.formats.saved_model import SavedModelFormat
from imgcls.serving.parity import Parity, Reference, ask_reference, compare_engine, compare_saved_model
from imgcls.serving.versions import check_bundle, find_version, versions
from imgcls.workflow.sources import check_source
from tests.conftest import ROOT
from tests.serving.conftest import CLASS_NAMES, PREPROCESSING, export, exported, make_classifier


@pytest.fixture(scope="module")
def pixels(images):
    return np.stack([outcome.result for outcome in read_images(images, PREPROCESSING)])


@pytest.fixture(scope="module")
def probabilities(classifier, pixels):
    return np.asarray(classifier(pixels, training=False))


def test_predictions_are_those_of_the_model_and_sorted(bundle, images, probabilities):
    predictions = bundle([path.read_bytes() for path in images])
    for prediction, row in zip(predictions, probabilities, strict=True):
        assert prediction.problem == ""
        assert prediction.probabilities == sorted(prediction.probabilities, reverse=True)
        assert sorted(prediction.classes) == sorted(CLASS_NAMES)
        named = dict(zip(prediction.classes, prediction.probabilities, strict=True))
        np.testing.assert_allclose([named[name] for name in CLASS_NAMES], row, atol=1e-5)


def test_one_bad_image_does_not_fail_its_batch(bundle, images):
    good = images[0].read_bytes()
    first, bad, last = bundle([good, good[:100], good])
    assert bad == ([], [], "a damaged or truncated PNG file (100 bytes)")
    assert first.classes == last.classes == bundle([good])[0].classes
    np.testing.assert_allclose(first.probabilities, last.probabilities, atol=1e-5)
    features, problems = bundle.embed([b"", good])
    assert problems == ["the file is empty (0 bytes)", ""]
    assert not features[0].any()
    assert features[1].any()


def test_empty_batches(bundle):
    assert bundle([]) == []
    assert bundle.embed([])[0].shape == (0, 64)
    assert bundle.model.run("pixels", {"pixels": np.empty((0, 28, 28, 1))})["classes"].shape == (0, 10)


def test_embedding_is_that_of_the_model(bundle, classifier, images, pixels):
    expected = embedding_model(classifier)(pixels, training=False)
    features, _ = bundle.embed([path.read_bytes() for path in images])
    np.testing.assert_allclose(features, expected, atol=1e-4)


def test_pixels_of_another_size_are_refused(bundle, pixels):
    assert bundle.model.run("pixels", {"pixels": pixels})["probabilities"].shape == (20, 10)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible with expected shape"):
        bundle.model.run("pixels", {"pixels": pixels[:, :20, :20]})


def test_a_bundle_predicts_files_as_a_run_does(bundle, images, probabilities, tmp_path):
    predictions = bundle.predict_files([*images, tmp_path / "missing.png"])
    assert predictions.class_names == CLASS_NAMES
    np.testing.assert_allclose(predictions.probabilities[:-1], probabilities, atol=1e-5)
    assert predictions.problems == [""] * len(images) + ["no such file or directory"]


def test_what_is_in_the_folder(bundle, bundle_path, images):
    assert (bundle.name, bundle.version) == ("clothing", 1)
    assert sorted(path.name for path in bundle_path.parent.iterdir()) == ["1"]
    assert (bundle_path / "assets" / "class_names.txt").read_text("utf-8").splitlines() == CLASS_NAMES
    details = json.loads((bundle_path / "assets" / "imgcls.json").read_text("utf-8"))
    assert details["preprocessing"] == PREPROCESSING.to_dict()
    assert details["for_serving"]["version"] == NEWEST_SERVING
    assert details["licence_of_data"] == "MIT"
    assert details["architecture"] == "small"
    assert 0 <= details["parity"]["largest_difference"] <= 1e-4
    assert details["parity"]["images"] == len(images)
    assert details["signatures"]["pixels"]["inputs"] == {"pixels": "float32 (None, 28, 28, 1)"}
    variables = tf.train.list_variables(str(bundle_path / "variables" / "variables"))
    assert len(variables) - 1 == len(make_classifier(1).variables)  # each weight once, and the graph of objects


def test_warm_up_requests_are_real_images_for_every_signature(bundle_path, images):
    path = bundle_path / "assets.extra" / "tf_serving_warmup_requests"
    logs = [prediction_log_pb2.PredictionLog.FromString(r.numpy()) for r in tf.data.TFRecordDataset(str(path))]
    requests = [log.predict_log.request for log in logs]
    assert {request.model_spec.name for request in requests} == {"clothing"}
    files = {path.read_bytes() for path in images}
    sizes = {}
    for request in requests:
        for key, value in request.inputs.items():
            array = tf.make_ndarray(value)
            sizes.setdefault((request.model_spec.signature_name, key), []).append(len(array))
            assert key != "image_bytes" or set(array) <= files
    encoded = {name: inputs for name in ("serving_default", "top_k", "embedding", "preprocess")
               for inputs in [[1, 8, 32] if name == "serving_default" else [1, 8]]}  # fmt: skip
    assert sizes == {
        **{(name, "image_bytes"): counts for name, counts in encoded.items()},
        ("top_k", "k"): [1, 8],
        ("pixels", "pixels"): [1, 8],
        ("outputs", "pixels"): [1, 8],
    }


@pytest.mark.thorough
def test_it_runs_in_a_session_as_tensorflow_serving_runs_it(bundle, bundle_path, images):
    files = [images[0].read_bytes(), b"no image", images[5].read_bytes()]
    expected = bundle(files)
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], str(bundle_path))
        signature = graph.signature_def["serving_default"]
        outputs = {name: info.name for name, info in signature.outputs.items()}
        place = signature.inputs["image_bytes"].name
        found = session.run(outputs, {place: np.array(files, object)})
        nothing = session.run(outputs, {place: np.array([], object)})
    assert [problem.decode() for problem in found["problem"]] == [prediction.problem for prediction in expected]
    for row, prediction in zip(found["probabilities"], expected, strict=True):
        np.testing.assert_allclose(row, prediction.probabilities or [0.0] * len(CLASS_NAMES), atol=1e-5)
    assert nothing["classes"].shape == (0, 10)


def test_the_next_version_is_one_above_the_newest_and_a_failed_one_leaves_nothing(
    tmp_path, classifier, images, monkeypatch
):
    (tmp_path / "clothing" / "7").mkdir(parents=True)
    (tmp_path / "clothing" / ".partial-9").mkdir()
    monkeypatch.setattr(SavedModelFormat, "write", nothing_written)
    monkeypatch.setattr(bundles, "compare_saved_model", lambda *anything: Parity(2e-4, 20))
    with pytest.raises(RuntimeError, match=r"differs .* by up to 2\.0e-04"):
        export(tmp_path, classifier, images)
    assert sorted(path.name for path in (tmp_path / "clothing").iterdir()) == [".partial-9", "7"]
    monkeypatch.setattr(bundles, "compare_saved_model", lambda *anything: Parity(float("nan"), 20))
    with pytest.raises(RuntimeError, match="nan"):
        export(tmp_path / "new", classifier, images)
    assert not (tmp_path / "new" / "clothing").exists()
    monkeypatch.setattr(bundles, "compare_saved_model", lambda *anything: Parity(1e-5, 20))
    assert export(tmp_path, classifier, images).name == "8"


def test_a_full_disk_leaves_nothing(tmp_path, classifier, images, monkeypatch):
    def fail(self, folder, classifier):
        (folder / "variables").mkdir(parents=True)
        raise tf.errors.ResourceExhaustedError(
            None, None, "{{function_node}} long/path; No space left on device [Op:SaveV2]"
        )

    monkeypatch.setattr(SavedModelFormat, "write", fail)
    with pytest.raises(OSError, match=r"could not be written to .*/clothing/1: no space left on device\. Nothing"):
        export(tmp_path, classifier, images)
    assert not any(tmp_path.iterdir())


@pytest.mark.thorough
def test_another_model_is_found_out(bundle, bundle_path, images, monkeypatch):
    def without_a_process(folder, images):
        found = bundle.model.run("serving_default", {"image_bytes": [path.read_bytes() for path in images]})
        texts = {name: np.char.decode(found[name].astype(bytes), "utf-8") for name in ("classes", "problem")}
        return {"probabilities": found["probabilities"], **texts}

    monkeypatch.setattr(parities, "_in_fresh_process", without_a_process)
    other = make_classifier(seed=2)
    answers = ask_reference(Reference(other, images), exported(other))
    assert answers.images == images
    for parity in (compare_saved_model(bundle_path, answers), compare_engine(bundle.engine, answers)):
        assert parity.largest_difference > 1e-3
        assert parity.images == len(images)


def test_no_readable_image_to_compare_on(tmp_path, classifier, monkeypatch):
    monkeypatch.setattr(SavedModelFormat, "write", nothing_written)
    with pytest.raises(ValueError, match="Of 1 image that"):
        export(tmp_path, classifier, [tmp_path / "gone.png"])
    assert not any(tmp_path.iterdir())


def test_cards_compute_the_proof_with_all_bits_of_float32(tmp_path, classifier, images, monkeypatch):
    rounded = tf.config.experimental.tensor_float_32_execution_enabled
    seen = []

    def asked(reference, classifier):
        seen.append(rounded())
        raise ValueError("That is enough.")

    monkeypatch.setattr(bundles, "ask_reference", asked)
    with pytest.raises(ValueError, match="enough"):
        export(tmp_path, classifier, images)
    assert (seen, rounded()) == ([False], True)


def test_load_takes_the_newest_version(bundle_path, tmp_path):
    for version in ("2", "9"):
        (tmp_path / "2024" / version).mkdir(parents=True)
    shutil.copytree(bundle_path, tmp_path / "2024" / "10")
    (tmp_path / "2024" / ".partial-11").mkdir()
    (tmp_path / "2024" / "notes").mkdir()
    bundle = load_bundle(tmp_path / "2024")
    assert (bundle.name, bundle.version) == ("2024", 10)
    assert find_version(tmp_path / "2024" / "10") == bundle.path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "There is nothing at .*python -m imgcls.export"),
        (lambda path: path.write_text("x"), "is a file"),
        (lambda path: path.mkdir(), "holds no version"),
        (lambda path: (path / "1").mkdir(parents=True), "cannot be read|without assets"),
        (lambda path: _save(path / "1", {"assets/imgcls.json": "{}"}), "cannot be read"),
        (lambda path: _save(path, {"saved_model.pb": ""}), "whole number"),
        (lambda path: _save(path, {"config.toml": ""}), "It is a run; export it first: python -m imgcls.export"),
    ],
)
def test_what_is_no_bundle(tmp_path, make, message):
    path = tmp_path / "flowers"
    make(path)
    with pytest.raises(ValueError, match=message):
        load_bundle(path)


@pytest.mark.parametrize("name", ["saved_model-bfloat16", "onnx", "openvino-int8"])
@pytest.mark.parametrize("check", [check_bundle, check_source])
def test_a_format_inside_a_bundle_leads_to_the_bundle(tmp_path, name, check):
    version = tmp_path / "flowers" / "1"
    _save(version, {"saved_model.pb": "", f"{name}/{'saved_model.pb' if name.startswith('saved') else 'model.x'}": ""})
    with pytest.raises(ValueError, match="is one format of a bundle") as caught:
        check(version / name)
    assert f"Name {version} instead;" in str(caught.value)
    assert f"python -m imgcls.predict {version} IMAGES --engine {name}" in str(caught.value)


def test_the_nearest_name_is_offered(bundle_path):
    with pytest.raises(ValueError, match=r"Did you mean .*/clothing\?"):
        load_bundle(bundle_path.parents[1] / "clothes")


def test_two_processes_that_export_at_once_get_a_version_each(tmp_path):
    """Two real processes, each with 40 finished folders of a file that says whose it is."""
    code = """
import sys
from pathlib import Path
from imgcls.files import unfinished
from imgcls.serving.versions import next_version, take_next_version
folder, mine = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    with unfinished(next_version(folder)) as partial:
        partial.mkdir()
        (partial / "whose").write_text(f"{mine} {number}")
        take_next_version(partial, folder)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path / "clothing", whose],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for whose in ("one", "other")
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.communicate()
        assert process.returncode == 0
    assert list(versions(tmp_path / "clothing")) == list(range(1, 81))
    found = {path.read_text() for path in tmp_path.glob("clothing/*/whose")}
    assert found == {f"{whose} {number}" for whose in ("one", "other") for number in range(40)}


@pytest.mark.parametrize("damage", ["saved_model.pb", "variables/variables.index", "assets/imgcls.json"])
def test_a_damaged_bundle(bundle_path, tmp_path, damage):
    shutil.copytree(bundle_path, tmp_path / "clothing" / "1")
    (tmp_path / "clothing" / "1" / damage).write_bytes(b"\xff\xff cut off")
    with pytest.raises(ValueError, match=r"[Ee]xport"):
        load_bundle(tmp_path / "clothing")


def nothing_written(self, folder, classifier):
    (folder / "assets").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(SavedModel(meta_graphs=[MetaGraphDef()]).SerializeToString())
    return {"signatures": {}}


def _save(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
