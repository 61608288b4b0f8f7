"""Prints `imgcls/models/weights/torchvision_table.py` from torchvision's own table; run with a Python that has it.

PYTHONPATH=. python tests/models/weights/torchvision_table.py > imgcls/models/weights/torchvision_table.py
"""

from torchvision import models

STRANGE = ("_FEATURES", "_SWAG")  # no classifier, and a licence without commercial use
HEAD = '''"""torchvision's weights of ImageNet, as its own table has them.

`tests/models/weights/torchvision_table.py` prints this file. Each row: file, whose name ends in the first digits of its
SHA-256; pixels that the shorter side is resized to, and pixels of the square that is cut out of it; interpolation; mean
and standard deviation of the pixels in [0, 1].
"""

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Row = tuple[str, int, int, str, tuple[tuple[float, ...], tuple[float, ...]]]
WEIGHTS: dict[str, dict[str, Row]] = {'''


def row(weights) -> str:
    prepared = weights.transforms()
    pixels = tuple(prepared.mean), tuple(prepared.std)
    known = pixels == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    sizes = f"{prepared.resize_size[0]}, {prepared.crop_size[0]}"
    file = weights.url.rpartition("/")[2]
    return f'("{file}", {sizes}, "{prepared.interpolation.value}", {"IMAGENET" if known else pixels})'


print(HEAD)
for name in sorted(models.list_models(module=models)):
    rows = [w for w in models.get_model_weights(name) if not any(mark in w.name for mark in STRANGE)]
    if rows:
        print(f'    "{name}": {{')
        for weights in rows:
            print(f'        "{weights.name}": {row(weights)},')
        print("    },")
print("}")
