"""The page of figures, as Prometheus' own parser reads it."""

import copy
import json
import shutil
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tensorflow import make_tensor_proto
from tensorflow_serving.apis import predict_pb2

from imgcls.cli.drift_references import read_reference
from imgcls.serving.drift_reference import write_drift_reference
from imgcls.serving.server.core.model_settings import settings_of_folder
from imgcls.serving.server.core.models import Models
from imgcls.serving.server.monitoring.drift_window import Reference
from imgcls.serving.server.monitoring.metrics import MOST_NOTES, Metrics
from tests.serving.conftest import grpc_stubs, models_of, save_linear, serving, serving_grpc

PATH = "/monitoring/prometheus/metrics"


def samples(text: str) -> dict:
    """Values by name and labels. The parser adds "_total" to a counter without it, as TensorFlow Serving has them."""

    def written(name: str) -> str:
        return name if f"\n{name}{{" in text else name.removesuffix("_total")

    return {
        (written(sample.name), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: dict, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def test_requests_are_counted_by_tensorflow_servings_names(half_plus_three):
    with serving(models_of(half_plus_three)) as address, httpx.Client() as client:
        url = f"{address}/v1/models/half_plus_three"
        for _ in range(3):
            client.post(f"{url}:predict", json={"instances": [1.0]})
        client.post(f"{url}:predict", content=b"{")
        client.get(f"{url}/versions/7")
        client.get(f"{address}/v1/models/another")
        response = client.get(address + PATH)
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(response.text)
    count = ":tensorflow:serving:request_count"
    assert value(found, count, model_name="half_plus_three", status="OK") == 3
    assert value(found, count, model_name="half_plus_three", status="INVALID_ARGUMENT") == 1
    assert value(found, count, model_name="half_plus_three", status="NOT_FOUND") == 1
    assert value(found, count, model_name="", status="NOT_FOUND") == 1  # a name that is not served has no row
    labels = {"model_name": "half_plus_three", "API": "predict", "entrypoint": "REST"}
    assert value(found, ":tensorflow:serving:request_latency_count", **labels) == 3
    assert value(found, ":tensorflow:serving:request_latency_bucket", **labels, le="+Inf") == 3
    assert 3 < value(found, ":tensorflow:serving:request_latency_sum", **labels) < 3e7  # microseconds
    bounds = {dict(rest)["le"] for name, rest in found if name.endswith("request_latency_bucket")}
    assert {"10", "18", "32.4", "+Inf"} <= bounds
    assert len(bounds) == 34


def test_calls_and_loads_have_the_names_that_dashboards_ask_for(tmp_path):
    save_linear(tmp_path / "line" / "3", 0.5, 3.0)
    metrics = Metrics()
    models = Models([settings_of_folder(tmp_path / "line")], observer=metrics)
    for _ in range(3):
        models.find("line").run("serving_default", {"x": np.float32([1.0])})
    shutil.copytree(tmp_path / "line" / "3", tmp_path / "line" / "4")
    (tmp_path / "line" / "4" / "saved_model.pb").write_bytes(b"no graph")
    for _ in range(2):  # the first look sees it come, the second that it has come
        models.refresh()
    found = samples(metrics.page())
    load = ":tensorflow:cc:saved_model:load"
    line, broken = str(tmp_path / "line" / "3"), str(tmp_path / "line" / "4")
    assert value(found, f"{load}_attempt_count", model_path=line, status="success") == 1
    assert value(found, f"{load}_attempt_count", model_path=broken, status="fail") == 1
    assert (f"{load}_latency", frozenset({("model_path", broken)})) not in found
    assert value(found, f"{load}_latency", model_path=line) > 100  # microseconds
    assert value(found, ":tensorflow:core:graph_runs") == 3
    labels = {"model_name": "line", "API": "Predict", "runtime": "TF1"}
    assert value(found, ":tensorflow:serving:runtime_latency_count", **labels) == 3
    took = value(found, ":tensorflow:serving:runtime_latency_sum", **labels)
    assert value(found, ":tensorflow:core:graph_run_time_usecs") == took > 0
    assert value(found, ":tensorflow:core:graph_run_time_usecs_histogram_sum") == took


def test_batches():
    metrics = Metrics()
    metrics.batch(model="cats", version=2, rows=8, waited=0.00011)
    metrics.batch(model="cats", version=2, rows=1, waited=0.0)
    found = samples(metrics.page())
    latency = ":tensorflow:serving:batching_session:queuing_latency"
    assert value(found, f"{latency}_sum", thread_pool_name="cats") == 110
    assert value(found, f"{latency}_bucket", thread_pool_name="cats", le="100") == 1
    assert value(found, f"{latency}_bucket", thread_pool_name="cats", le="120") == 2
    assert value(found, ":tensorflow:serving:batching_session:wrapped_run_count") == 2
    assert value(found, "imgcls_batch_images_sum", model_name="cats", version="2") == 9


def test_what_a_classifier_answered(served_judged, images):
    version = {"model_name": "clothing", "version": "1"}
    models = copy.copy(served_judged)
    models.observer = Metrics()
    with serving(models) as address:
        files = [("image", (path.name, path.read_bytes())) for path in images]
        rows = httpx.post(f"{address}/classify", files=[*files, ("image", ("x", b"no image"))]).json()["predictions"]
        found = samples(httpx.get(address + PATH).text)
    assert value(found, "imgcls_images_total", **version) == len(images) + 1
    assert value(found, "imgcls_unreadable_images_total", **version) == 1
    first = rows[0]["classes"][0]
    expected = sum(row["classes"][:1] == [first] for row in rows)
    assert value(found, "imgcls_predictions_total", **version, **{"class": first}) == expected
    mean = value(found, "imgcls_confidence_sum", **version) / value(found, "imgcls_confidence_count", **version)
    assert mean == pytest.approx(np.mean([row["probabilities"][0] for row in rows[:-1]]), abs=1e-4)
    for decision in ("not sure", "none of these"):
        expected = sum(row["decision"] == decision for row in rows)
        assert value(found, "imgcls_decisions_total", **version, decision=decision) == expected
    assert value(found, "imgcls_unknown_score_count", **version) == len(images)
    labels = {"model_name": "clothing", "API": "classify_images", "entrypoint": "REST"}
    assert value(found, ":tensorflow:serving:request_latency_count", **labels) == 1


def test_names_of_classes_are_escaped():
    metrics = Metrics()
    names = ['pull"over', "skjorta\\", "two\nlines", "外套"]
    classes = np.array([[name.encode()] for name in names], object)
    metrics.answers(model="m", version=1, signature="s", outputs={"classes": classes})
    found = samples(metrics.page())
    assert {dict(labels)["class"] for name, labels in found if name == "imgcls_predictions_total"} == set(names)


@pytest.mark.parametrize("outputs", [{}, {"y": np.zeros(3)}, {"classes": np.zeros((0,), object)},
                                     {"classes": np.zeros((0, 10), object), "problem": np.zeros(0, object)},
                                     {"probabilities": np.zeros((2, 0))}, {"classes": np.zeros((2, 3), int)},
                                     {"decision": np.zeros(2, int)}, {"problem": np.array(b"", object)},
                                     {"unknown_score": np.zeros((2, 3))}])  # fmt: skip
def test_answers_of_other_models_and_empty_ones_are_no_fault(outputs, caplog):
    metrics = Metrics()
    metrics.answers(model="m", version=1, signature="s", outputs=outputs)
    samples(metrics.page())
    assert not caplog.records


def test_the_raw_outputs_of_a_network_name_no_class_and_decide_nothing(served_judged):
    models = copy.copy(served_judged)
    models.observer = Metrics()
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "clothing", "outputs"
    request.inputs["pixels"].CopyFrom(make_tensor_proto(np.zeros((2, 28, 28, 1), np.float32)))
    body = {"signature_name": "outputs", "instances": np.zeros((3, 28, 28, 1)).tolist()}
    with serving_grpc(models) as place, grpc_stubs(place) as (predictions, _):
        predictions.Predict(request, 60)
    with serving(models) as address:
        assert httpx.post(f"{address}/v1/models/clothing:predict", json=body, timeout=60).status_code == 200
        response = httpx.get(address + PATH, timeout=60)
    assert response.status_code == 200
    found = samples(response.text)
    assert value(found, "imgcls_images_total", model_name="clothing", version="1") == 5
    names = {name for name, _ in found}
    assert not names & {"imgcls_confidence_count", "imgcls_decisions_total", "imgcls_predictions_total"}


def test_a_figure_that_cannot_be_counted_fails_no_request(half_plus_three, caplog):
    def reference_of(model: str, version: int) -> Reference:
        raise OSError("the disk is gone")

    metrics = Metrics(reference_of)
    models = Models([settings_of_folder(half_plus_three)], observer=metrics)
    for _ in range(MOST_NOTES):
        metrics.answers(model="m", version=1, signature="s", outputs={"classes": np.array([[b"cat"]], object)})
    with serving(models) as address:
        response = httpx.post(f"{address}/v1/models/half_plus_three:predict", json={"instances": [1.0]}, timeout=60)
        page = httpx.get(address + PATH, timeout=60)
    assert (response.status_code, response.json()) == (200, {"predictions": [3.5]})
    found = samples(page.text)
    assert value(found, ":tensorflow:serving:request_count", model_name="half_plus_three", status="OK") == 1
    assert [record.exc_info[1].args for record in caplog.records] == [("the disk is gone",)]


def test_what_is_no_number_leaves_the_page_as_it_is(served_bundle):
    version = {"model_name": "clothing", "version": "1"}
    models = copy.copy(served_bundle)
    models.observer = Metrics()
    pixels = np.zeros((2, 28, 28, 1))
    pixels[0] = np.nan
    body = json.dumps({"signature_name": "pixels", "instances": pixels.tolist()})
    with serving(models) as address:
        answered = httpx.post(f"{address}/v1/models/clothing:predict", content=body, timeout=60)
        assert "NaN" in answered.text
        response = httpx.get(address + PATH, timeout=60)
    assert response.status_code == 200
    found = samples(response.text)
    assert value(found, "imgcls_images_total", **version) == 2
    assert value(found, "imgcls_confidence_count", **version) == 1
    assert 0 < value(found, "imgcls_confidence_sum", **version) <= 1


def test_figures_of_a_version_that_is_gone_are_seen_once_more_and_then_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr("imgcls.serving.server.monitoring.metrics.KEPT_SECONDS", 0)
    reference = {"class_names": ["cat"], "predicted": [1], "distributions": {}}
    metrics = Metrics(lambda model, version: Reference.from_dict(reference))
    save_linear(tmp_path / "line" / "1", 0.5, 3.0)
    models = Models([settings_of_folder(tmp_path / "line")], observer=metrics)
    answered = {"classes": np.array([[b"cat"]] * 100, object), "probabilities": np.full((100, 1), 0.75)}

    def versions(page: str) -> set[tuple[str, str]]:
        return {(name, dict(labels)["version"]) for name, labels in samples(page) if "version" in dict(labels)}

    with serving(models, poll_seconds=3600) as address:
        for number in (1, 2):
            if number == 2:
                save_linear(tmp_path / "line" / "2", 0.5, 3.0)
                for _ in range(2):  # the first look sees it come, the second that it has come
                    models.refresh()
            httpx.post(f"{address}/v1/models/line:predict", json={"instances": [1.0]}, timeout=60)
            metrics.answers(model="line", version=number, signature="serving_default", outputs=answered)
        pages = [httpx.get(address + PATH, timeout=60).text for _ in range(2)]
    first, second = map(versions, pages)
    figures = {name for name, version in first if version == "2"}
    assert {"imgcls_batch_images_sum", "imgcls_predictions_total", "imgcls_confidence_sum", "imgcls_drift"} <= figures
    assert first == {(name, version) for name in figures for version in ("1", "2")}
    assert second == {(name, "2") for name in figures}
    assert "request_count" in pages[1]
    assert list(metrics._windows) == [("line", 2)]


def test_figures_of_a_version_that_was_just_served_are_kept():
    metrics = Metrics()
    metrics.batch(model="line", version=1, rows=1, waited=0.0)
    for _ in range(2):
        assert 'version="1"' in metrics.page(served=set())


def test_drift_is_measured_against_the_reference(tmp_path):
    reference = {"class_names": ["cat", "dog"], "predicted": [50, 50],
                 "distributions": {"confidence": {"values": np.linspace(0.5, 1, 101).tolist()},
                                   "distance": {"values": [1.0, 2.0]}}}  # fmt: skip
    metrics = Metrics(lambda model, version: Reference.from_dict(reference, lambda found: found[:, 0]))
    answered = {"classes": np.array([[b"cat", b"dog"]] * 200, object), "probabilities": np.full((200, 2), 0.75)}
    metrics.answers(model="m", version=1, signature="serving_default", outputs=answered)
    metrics.answers(model="m", version=1, signature="embedding", outputs={"embedding": np.full((150, 4), 9.0)})
    found = samples(metrics.page())
    drift = {figure: value(found, "imgcls_drift", model_name="m", version="1", figure=figure)
             for figure in ("predicted", "confidence", "distance")}  # fmt: skip
    assert drift == pytest.approx({"predicted": 0.5, "confidence": 0.5, "distance": 1.0}, abs=0.02)
    assert value(found, "imgcls_embedding_distance_count", model_name="m", version="1") == 150


def test_now_and_then_an_image_gets_its_embedding(served_bundle, images):
    reference = {"class_names": [], "predicted": [], "distributions": {}}
    came = threading.Event()

    def distance(embeddings: np.ndarray) -> np.ndarray:
        return np.linalg.norm(embeddings, axis=1)

    class Watched(Metrics):
        def _note(self, count, *arguments):
            super()._note(count, *arguments)
            if count == self._embedded:
                came.set()

    metrics = Watched(lambda model, version: Reference.from_dict(reference, distance), drift_seconds=3600)
    models = copy.copy(served_bundle)
    models.observer = metrics
    encoded = np.array([path.read_bytes() for path in images[:3]], object)
    for _ in range(3):
        models.find("clothing").run("serving_default", {"image_bytes": encoded})
    assert came.wait(60)
    found = samples(metrics.page())
    labels = {"model_name": "clothing", "version": "1"}
    assert value(found, "imgcls_embedding_distance_count", **labels) == 1  # of nine images, in this hour
    expected = models.find("clothing").run("embedding", {"image_bytes": encoded[:1]})["embedding"]
    assert value(found, "imgcls_embedding_distance_sum", **labels) == pytest.approx(distance(expected)[0], rel=1e-4)
    assert value(found, "imgcls_images_total", **labels) == 9  # which are asked for, and no more


def test_a_single_image_outside_a_batch_gets_no_embedding():
    metrics = Metrics(drift_seconds=3600)
    metrics.images(model="m", version=1, inputs={"image_bytes": np.array(b"a", object)}, ask=lambda name, inputs: {})
    assert metrics._sampler._at_work is None


def test_a_few_images_are_no_drift():
    reference = {"class_names": ["cat", "dog"], "predicted": [50, 50], "distributions": {}}
    metrics = Metrics(lambda model, version: Reference.from_dict(reference))
    one = {"classes": np.array([[b"cat"]] * 99, object), "probabilities": np.full((99, 1), 0.75)}
    metrics.answers(model="m", version=1, signature="serving_default", outputs=one)
    assert "imgcls_drift" not in metrics.page()


def test_a_reference_that_cannot_be_read_is_none(tmp_path: Path):
    assert read_reference(tmp_path) is None
    write_drift_reference(tmp_path, {"class_names": 3})
    assert read_reference(tmp_path) is None


def test_notes_do_not_pile_up():
    metrics = Metrics()
    for _ in range(3 * MOST_NOTES):
        metrics.request(api="GRPC", method="Predict", model="m", status=200, seconds=0.001)
    assert len(metrics._notes) <= MOST_NOTES
    found = samples(metrics.page())
    assert value(found, ":tensorflow:serving:request_count", model_name="m", status="OK") == 3 * MOST_NOTES
    labels = {"model_name": "m", "API": "Predict", "entrypoint": "GRPC"}
    assert value(found, ":tensorflow:serving:request_latency_sum", **labels) == 3000 * MOST_NOTES
