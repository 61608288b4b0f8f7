"""`python -m imgcls.serve check`, with servers of this process."""

import shutil

import pytest

from tests.serving.classifier_of_lengths import save
from tests.serving.conftest import models_of, serving, serving_grpc


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save(tmp_path_factory.mktemp("saved_models") / "lengths")


@pytest.fixture(scope="module", params=["REST", "gRPC"])
def address(request, folder):
    with (serving if request.param == "REST" else serving_grpc)(models_of(folder)) as place:
        yield f"{place}/v1/models/lengths" if request.param == "REST" else f"grpc://{place}/lengths"


@pytest.fixture(scope="module")
def without_numbers(tmp_path_factory):
    with serving(models_of(save(tmp_path_factory.mktemp("nan") / "lengths", even=float("nan")))) as place:
        yield f"{place}/v1/models/lengths"


@pytest.fixture
def check(command):
    return lambda *arguments: command("cli.serve_check", *arguments)


def test_the_same_bundle(address, folder, check):
    result = check(address, "--bundle", folder)
    assert (result.code, result.err) == (0, "")
    assert "2 requests, no difference above 0.0001" in result.out
    assert result.out.count("serving_default") == 2
    assert result.out.splitlines()[-1] == (
        f"  python -m imgcls.serve load {address} --bundle {folder}   # how fast is it?"
    )


def test_another_model_of_the_same_name(address, check, tmp_path):
    result = check(address, "--bundle", save(tmp_path / "lengths", even=0.5))
    assert result.code == 3
    assert "2.5e-01" in result.out
    assert "The server does not answer as" in result.out
    assert "Next:" not in result.out


def test_a_server_that_answers_with_no_numbers(without_numbers, check, folder):
    result = check(without_numbers, "--bundle", folder)
    assert result.code == 3
    assert "inf" in result.out
    assert "The server does not answer as" in result.out


def test_another_version(address, folder, check, tmp_path):
    shutil.copytree(folder / "1", tmp_path / "lengths" / "7")
    for bundle in (tmp_path / "lengths", tmp_path / "lengths" / "7"):
        result = check(address, "--bundle", bundle)
        assert result.code == 2
        assert result.err.startswith("error: The server answers with version 1")
        assert result.err.count("\n") == 1


def test_another_name_and_no_server(address, folder, check):
    result = check(address.replace("lengths", "roses"), "--bundle", folder)
    assert result.code == 2
    assert "has no model 'roses'" in result.err
    result = check("grpc://127.0.0.1:9/lengths", "--bundle", folder)
    assert result.code == 1
    assert result.err.startswith("error: No server answers at grpc://127.0.0.1:9")


def test_authorities_that_are_not_there(address, folder, check):
    result = check(address, "--bundle", folder, "--ca-file", "nowhere.pem")
    assert result.code == 2
    assert result.err.startswith("error: The file nowhere.pem cannot be read (no such file or directory)")
    assert result.err.count("\n") == 1


def test_no_bundle(check, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = check("http://127.0.0.1:9/v1/models/roses")
    assert result.code == 2
    assert "There is nothing at" in result.err
    assert "saved_models/roses" in result.err


def test_a_bundle_without_warm_up_requests(address, folder, check, tmp_path):
    shutil.copytree(folder, tmp_path / "lengths")
    shutil.rmtree(tmp_path / "lengths" / "1" / "assets.extra")
    result = check(address, "--bundle", tmp_path / "lengths")
    assert result.code == 2
    assert "has no warm-up requests" in result.err
