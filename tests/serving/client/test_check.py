import numpy as np
import pytest

from imgcls.serving.client import Client
from imgcls.serving.client.check import compare, served_versions
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.warmup import read_warmup
from tests.serving.classifier_of_lengths import ODD, save
from tests.serving.conftest import models_of, serving, serving_grpc

IMAGE = [("serving_default", {"image_bytes": np.array([ODD], object)})]


class Answers:
    """A client or a model that gives these outputs."""

    def __init__(self, **outputs):
        self.outputs = outputs

    def run(self, signature, inputs):
        return self.outputs


def compared(found: dict, expected: dict):
    (comparison,) = compare(Answers(**found), Answers(**expected), iter(IMAGE))
    return comparison


@pytest.fixture(scope="module", params=["REST", "gRPC"])
def client(request, served_bundle):
    server = serving if request.param == "REST" else serving_grpc
    with server(served_bundle) as place:
        address = place if request.param == "REST" else f"grpc://{place}"
        with Client(address, "clothing") as client:
            yield client


@pytest.fixture(scope="module")
def model(served_bundle):
    return served_bundle.find("clothing").model


@pytest.mark.thorough
def test_a_server_answers_as_its_bundle(client, model, bundle_path):
    assert served_versions(client) == [1]
    found = list(compare(client, model, read_warmup(bundle_path)))
    assert {each.signature for each in found} >= {"serving_default", "embedding", "pixels"}
    assert {each.images for each in found} >= {1, 8}
    assert all(each.is_equal for each in found)


@pytest.mark.thorough
def test_another_network_is_found(client, model, bundle_path):
    """One whose numbers are a little higher, each by a share of its output's size."""

    class Higher:
        def run(self, signature, inputs):
            found = model.run(signature, inputs)
            return {name: values if values.dtype == object else higher(values) for name, values in found.items()}

    def higher(values):
        return values + 2e-4 * max(1.0, float(np.abs(values).max()))

    found = list(compare(client, Higher(), read_warmup(bundle_path)))
    assert not any(each.is_equal for each in found)
    assert all(1e-4 < each.difference < 3e-4 for each in found)


def test_what_the_server_lacks_is_said(client):
    (found,) = compare(client, None, iter([("segmentation", {"image_bytes": np.array([b""], object)})]))
    assert "segmentation" in found.problem
    assert not found.is_equal


def test_a_model_of_another_kind_with_one_output(half_plus_three):
    """REST leaves the name of an only output out."""
    model, requests = LoadedModel(half_plus_three / "123"), [("serving_default", {"x": np.array([1.0], np.float32)})]
    with serving(models_of(half_plus_three)) as address, Client(address, "half_plus_three") as client:
        (found,) = compare(client, model, iter(requests))
    assert found.is_equal
    assert found.difference == 0


def test_equally_likely_classes_may_change_places():
    found = {"classes": [["b", "a", "c"]], "probabilities": [[0.4, 0.4, 0.2]], "problem": [""]}
    names = np.array([[b"a", b"b", b"c"]], object)
    probabilities = np.array([[0.4, 0.4, 0.2]])
    expected = {"classes": names, "probabilities": probabilities, "problem": np.array([b""], object)}
    assert compared(found, expected).is_equal


@pytest.mark.parametrize("server", [serving, serving_grpc])
def test_numbers_that_are_none_differ_from_all_others(tmp_path, server):
    nan, good = save(tmp_path / "nan" / "lengths", even=float("nan")), save(tmp_path / "good" / "lengths")
    with server(models_of(nan)) as place, Client(place if "://" in place else f"grpc://{place}", "lengths") as client:
        (found,) = compare(client, LoadedModel(good / "1"), iter(IMAGE))
        (same,) = compare(client, LoadedModel(nan / "1"), iter(IMAGE))
    assert (found.is_equal, found.difference) == (False, float("inf"))
    assert (same.is_equal, same.difference) == (True, 0.0)


@pytest.mark.parametrize(
    ("found", "expected", "difference"),
    [
        ([float("nan"), 1.0], [float("nan"), 1.0], 0.0),
        ([float("nan"), 1.0], [0.0, 1.0], float("inf")),
        ([0.0, 1.0], [float("nan"), 1.0], float("inf")),
        ([float("inf"), 1.0], [float("inf"), 1.0], 0.0),
        ([float("inf"), 1.0], [float("-inf"), 1.0], float("inf")),
    ],
)
def test_what_is_no_finite_number_is_equal_to_itself_alone(found, expected, difference):
    assert compared({"y": found}, {"y": np.array(expected)}).difference == difference


@pytest.mark.parametrize(("found", "is_equal"), [(177.9998, True), (177.9, False)])
def test_a_distance_may_differ_by_a_share_of_its_size(found, is_equal):
    """OpenVINO's `unknown_score` of 178 is another in the seventh digit."""
    expected = {"probabilities": np.array([[0.9, 0.1]]), "unknown_score": np.array([178.0])}
    assert compared({"probabilities": [[0.9, 0.1]], "unknown_score": [found]}, expected).is_equal is is_equal
    assert not compared({"probabilities": [[0.8998, 0.1002]], "unknown_score": [178.0]}, expected).is_equal


@pytest.mark.parametrize("left_out", [["classes"], ["probabilities"], ["classes", "probabilities", "problem"]])
def test_rows_that_the_server_leaves_out_are_said(left_out):
    found = {
        "classes": [["a", "b"], ["b", "a"]],
        "probabilities": [[0.9, 0.1], [0.8, 0.2]],
        "problem": ["", ""],
    }
    expected = {
        "classes": np.array([[b"a", b"b"], [b"b", b"a"]], object),
        "probabilities": np.array(found["probabilities"]),
        "problem": np.array([b"", b""], object),
    }
    assert compared(found, expected).is_equal
    comparison = compared({**found, **{name: found[name][:1] for name in left_out}}, expected)
    assert not comparison.is_equal
    assert comparison.problem.startswith(f"{left_out[0]} has the shape (1, 2), expected (2, 2)")
