"""Random changes to training images, each a pure function of the seed and the place in the run."""

from imgcls.data.augmentation.chain import STEPS, Augmentation
from imgcls.data.augmentation.draws import Draws
from imgcls.data.augmentation.mixing import mix
from imgcls.data.augmentation.presets import NONE, PRESETS, settings

__all__ = ["NONE", "PRESETS", "STEPS", "Augmentation", "Draws", "mix", "settings"]
