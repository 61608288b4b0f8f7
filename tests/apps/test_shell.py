"""What is around every page, and that the app's own process stays small."""

import os
import subprocess
import sys

import pytest

from tests.apps.conftest import APP

NO_MODULES = ("views", "tasks", "programs", "app", "shell", "runner")  # scripts, or what other processes run


def test_the_process_of_the_app_imports_no_tensorflow(here):
    """It was 905 MB; a process of its own computes."""
    modules = [
        ".".join(path.relative_to(APP.parent).with_suffix("").parts)
        for path in APP.parent.rglob("*.py")
        if not set(path.relative_to(APP.parent).with_suffix("").parts) & set(NO_MODULES)
    ]
    code = (
        f"import importlib, sys; sys.argv = ['app']; [importlib.import_module(name) for name in {modules}];"
        "print(*{'tensorflow', 'keras', 'torch'} & set(sys.modules))"
    )
    path = os.pathsep.join([str(APP.parent), os.environ["PYTHONPATH"]])
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == ""


@pytest.mark.parametrize("view", ["data", "label", "train", "results", "predict", "deploy"])
def test_an_address_of_a_project_that_is_gone_is_a_sentence_with_the_way_to_the_others(page, view):
    shown = page(view, project="roses")
    assert shown.errors.count("There is no project 'roses'") == 1
    ways = [
        [link.proto.label for link in part.get("page_link")] for part in (shown.widgets.sidebar, shown.widgets.main)
    ]
    assert ways == [["Projects", "Learn"], ["Projects"]]
