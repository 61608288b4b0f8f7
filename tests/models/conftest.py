import pytest

KERAS_AND_NUMPY = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"


def pytest_collection_modifyitems(items):
    """Keras 3.15 copies its variables in the way of NumPy 1 when it saves them, and NumPy 2 warns."""
    for item in items:
        if "tests/models" in str(item.path):
            item.add_marker(pytest.mark.filterwarnings(KERAS_AND_NUMPY))
