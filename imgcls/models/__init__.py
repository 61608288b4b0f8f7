"""Architectures, and the classifier that is built around each of them."""

from imgcls.models import efficientnet, resnet  # noqa: F401  (each fills the table)
from imgcls.models.classifier import build_model, load_model
from imgcls.models.registry import find_architecture, list_models

__all__ = ["build_model", "find_architecture", "list_models", "load_model"]
