"""Keras layers that Keras lacks, or that must know the channel axis."""

from imgcls.layers.class_probabilities import ClassProbabilities
from imgcls.layers.parameter_free_shortcut import ParameterFreeShortcut
from imgcls.layers.pixel_standardization import PixelStandardization

__all__ = ["ClassProbabilities", "ParameterFreeShortcut", "PixelStandardization"]
