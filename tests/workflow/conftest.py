"""The real Keras model that the tests of `imgcls.models.foreign` use, for those that take it the whole road."""

from tests.models.foreign.conftest import mobilenet, mobilenet_file, pixels

__all__ = ["mobilenet", "mobilenet_file", "pixels"]
