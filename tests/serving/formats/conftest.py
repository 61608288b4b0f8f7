"""One bundle that holds a classifier with a judgement in every format."""

from pathlib import Path

import pytest

from tests.serving.conftest import export


@pytest.fixture(scope="session")
def every_format(tmp_path_factory, judged, images) -> Path:
    return export(tmp_path_factory.mktemp("every_format"), judged, images, ["onnx", "litert", "openvino"])
