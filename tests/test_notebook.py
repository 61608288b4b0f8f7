"""The notebook walks the road from its first cell to its last, and shows what it says."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.slow  # .ci/run calls it by its name
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs(path, tmp_path, monkeypatch):
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "a notebook is kept without outputs"
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    kernel = {"name": "python3"}
    client = NotebookClient(
        notebook, timeout=600, kernel_name=kernel["name"], resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    shown = "".join(str(output.get("data", output.get("text", ""))) for cell in notebook.cells
                    for output in cell.get("outputs", []))  # fmt: skip
    assert "iframe" in shown
    assert "efficientnet_lite0" in shown
    assert (tmp_path / "saved_models" / "clothes" / "1" / "saved_model.pb").is_file()
