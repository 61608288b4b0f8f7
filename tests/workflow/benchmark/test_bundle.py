"""Which engines there are, by whatever package has brought them."""

from importlib.metadata import version

import pytest

from imgcls.workflow.benchmark import bundle


def test_the_package_of_an_engine_may_have_another_name(monkeypatch):
    monkeypatch.setattr(bundle, "packages_distributions", lambda: {"onnxruntime": ["onnx"]})  # as onnxruntime-gpu
    assert bundle.installed_engines(["onnx"]) == ({"onnx": version("onnx")}, {})


def test_an_engine_that_is_not_installed_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr("imgcls.serving.export_format.find_spec", lambda module: None)
    with pytest.raises(ValueError, match=r"The engine 'openvino' is not installed.*openvino"):
        bundle.installed_engines(["openvino"])
