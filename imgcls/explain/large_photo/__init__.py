"""Where in a large photo: a network over a photo of any size, at several scales; class maps and boxes."""

from imgcls.explain.large_photo.boxes import Box
from imgcls.explain.large_photo.classify_photo import PhotoClassifier, classify_photo
from imgcls.explain.large_photo.photo_map import PhotoMap, ScaleMap
from imgcls.explain.large_photo.photo_options import PhotoOptions
from imgcls.explain.large_photo.pictures import boxes_picture, class_picture
from imgcls.explain.large_photo.sliding_plan import SlidingPlan, sliding_plan

__all__ = [
    "Box",
    "PhotoClassifier",
    "PhotoMap",
    "PhotoOptions",
    "ScaleMap",
    "SlidingPlan",
    "boxes_picture",
    "class_picture",
    "classify_photo",
    "sliding_plan",
]
