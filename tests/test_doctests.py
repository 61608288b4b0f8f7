"""The examples in the docstrings give what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import imgcls

ROOT = Path(__file__).parents[1]
FILES = [path for path in sorted((ROOT / "imgcls").rglob("*.py")) if ">>> " in path.read_text("utf-8")]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("name", list(map(module_name, FILES)))
def test_examples(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.attempted
    assert result.failed == 0


@pytest.mark.parametrize("name", [name for name in imgcls.__all__ if name != "__version__"])
def test_every_public_name_has_an_example(name):
    documented = getattr(imgcls, name).__doc__ or ""
    assert "Example" in documented, f"{name} has no example"
