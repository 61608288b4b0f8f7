import numpy as np
import pytest

from imgcls.serving.client import Client
from imgcls.serving.client.check import compare, served_versions
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.warmup import read_warmup
from tests.serving.conftest import models_of, serving, serving_grpc


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
    """One whose numbers are a little higher."""

    class Higher:
        def run(self, signature, inputs):
            found = model.run(signature, inputs)
            return {name: values if values.dtype == object else values + 2e-4 for name, values in found.items()}

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
    class Tied:
        def run(self, signature, inputs):
            return {"classes": [["b", "a", "c"]], "probabilities": [[0.4, 0.4, 0.2]], "problem": [""]}

    class Expected:
        def run(self, signature, inputs):
            names = np.array([[b"a", b"b", b"c"]], object)
            probabilities = np.array([[0.4, 0.4, 0.2]])
            return {"classes": names, "probabilities": probabilities, "problem": np.array([b""], object)}

    requests = [("serving_default", {"image_bytes": np.array([b"x"], object)})]
    (found,) = compare(Tied(), Expected(), iter(requests))
    assert found.is_equal
