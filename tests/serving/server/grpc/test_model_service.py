from pathlib import Path

import grpc
import numpy as np
import pytest
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2

from imgcls.serving.client import Client
from tests.serving.conftest import grpc_stubs, models_of, save_linear, serving_grpc


@pytest.fixture(scope="module")
def models(half_plus_three):
    return models_of(half_plus_three)


@pytest.fixture(scope="module")
def service(models):
    with serving_grpc(models) as place, grpc_stubs(place) as (_, service):
        yield service


def status_request(name="half_plus_three", **spec):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = name
    for key, value in spec.items():
        if key == "version":
            request.model_spec.version.value = value
        else:
            setattr(request.model_spec, key, value)
    return request


@pytest.mark.parametrize("spec", [{}, {"version": 123}])
def test_status(service, spec):
    (found,) = service.GetModelStatus(status_request(**spec), 10).model_version_status
    assert (found.version, found.state, found.status.error_code) == (123, found.AVAILABLE, 0)


@pytest.mark.parametrize(
    ("request_", "code", "why"),
    [
        (get_model_status_pb2.GetModelStatusRequest(), grpc.StatusCode.INVALID_ARGUMENT, "Missing ModelSpec"),
        (status_request("other"), grpc.StatusCode.NOT_FOUND, "Could not find any versions of model other"),
        (
            status_request(version=1),
            grpc.StatusCode.NOT_FOUND,
            "Could not find version 1 of model half_plus_three",
        ),
        (
            status_request(version_label="canary"),
            grpc.StatusCode.INVALID_ARGUMENT,
            "Unrecognized servable version label: canary",
        ),
    ],
)
def test_what_is_not_there(service, request_, code, why):
    with pytest.raises(grpc.RpcError) as caught:
        service.GetModelStatus(request_, 10)
    assert (caught.value.code(), caught.value.details()) == (code, why)


def test_other_models_are_served_from_now_on_by_their_labels(tmp_path):
    for name, version, slope in (("half", 1, 0.5), ("twice", 3, 2.0), ("twice", 4, 2.5)):
        save_linear(tmp_path / name / str(version), slope, 0.0)
    with serving_grpc(models_of(tmp_path / "half")) as place, grpc_stubs(place) as (_, service):
        request = model_management_pb2.ReloadConfigRequest()
        config = request.config.model_config_list.config.add(name="twice", base_path=str(tmp_path / "twice"))
        config.model_version_policy.all.SetInParent()
        service.HandleReloadConfigRequest(request, 60)
        config.version_labels.update({"stable": 3, "canary": 4})  # which only versions that are there may have
        service.HandleReloadConfigRequest(request, 60)
        found = service.GetModelStatus(status_request("twice"), 10).model_version_status
        assert [(each.version, each.state) for each in found] == [(4, found[0].AVAILABLE), (3, found[0].AVAILABLE)]
        (canary,) = service.GetModelStatus(status_request("twice", version_label="canary"), 10).model_version_status
        assert canary.version == 4
        for label, expected in (("stable", 2.0), ("canary", 2.5)):
            with Client(f"grpc://{place}/twice/labels/{label}") as client:
                assert client.run("serving_default", {"x": np.ones(1, np.float32)}) == {"y": [expected]}
        with Client(f"grpc://{place}/half") as client, pytest.raises(ValueError, match="has no model 'half'"):
            client.run("serving_default", {"x": np.ones(1, np.float32)})


def test_a_config_reaches_the_models(service, models, monkeypatch):
    told = []
    monkeypatch.setattr(models, "reload", told.append)
    request = model_management_pb2.ReloadConfigRequest()
    config = request.config.model_config_list.config.add(name="roses", base_path="/models/roses")
    config.model_version_policy.specific.versions.extend([3, 4])
    config.version_labels.update({"stable": 3, "canary": 4})
    assert service.HandleReloadConfigRequest(request, 10).status.error_code == 0
    ((settings,),) = told
    assert (settings.name, settings.folder, tuple(settings.versions)) == ("roses", Path("/models/roses"), (3, 4))
    assert settings.labels == {"stable": 3, "canary": 4}


def test_a_config_that_is_refused(service, models, monkeypatch):
    request = model_management_pb2.ReloadConfigRequest()
    with pytest.raises(grpc.RpcError, match="Only ModelConfigList is currently supported"):
        service.HandleReloadConfigRequest(request, 10)
    request.config.model_config_list.config.add(name="roses")
    with pytest.raises(grpc.RpcError, match="it needs both"):
        service.HandleReloadConfigRequest(request, 10)

    def refuse(settings):
        raise ValueError("/nowhere holds no version.")

    monkeypatch.setattr(models, "reload", refuse)
    request.config.model_config_list.config[0].base_path = "/nowhere"
    with pytest.raises(grpc.RpcError) as caught:
        service.HandleReloadConfigRequest(request, 10)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "/nowhere holds no version."
