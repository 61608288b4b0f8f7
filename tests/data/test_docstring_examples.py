"""The examples in the docstrings of the data room are true."""

import doctest
import importlib
import pkgutil

import pytest

import imgcls.data

MODULES = [module.name for module in pkgutil.walk_packages(imgcls.data.__path__, "imgcls.data.") if not module.ispkg]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
