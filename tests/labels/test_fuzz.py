"""Any bytes give records or a ValueError in every format, and so does any JSON or table of roughly the right shape."""

import contextlib
import json
import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from imgcls.labels import FORMATS, Pictures, detect_format, read_labels
from imgcls.labels.records import COLUMNS

FILES = {
    "coco": "annotations.json",
    "voc": "a.xml",
    "yolo": "a.txt",
    "createml": "labels.json",
    "labelme": "a.json",
    "labelme_web": "a.xml",
    "label_studio": "tasks.json",
    "supervisely": "ds/ann/a.png.json",
    "roboflow": "_classes.csv",
    "imagenet": "LOC_synset_mapping.txt",
    "idx": "train-images-idx3-ubyte",
    "mturk": "batch.csv",
    "toloka": "results.tsv",
    "table": "table.csv",
    "folders": "cat/a.png",
}
OTHERS = {
    "yolo": ("classes.txt", "data.yaml"),
    "idx": ("train-labels-idx1-ubyte",),
    "voc": ("ImageSets/Main/train.txt",),
}
KEYS = [
    *("images", "annotations", "categories", "id", "image_id", "category_id", "bbox", "iscrowd", "segmentation"),
    *("attributes", "file_name", "name", "width", "height", "shapes", "label", "points", "shape_type", "flags"),
    *("imagePath", "imageData", "imageWidth", "image", "coordinates", "x", "y", "data", "result", "value", "choices"),
    *("rectanglelabels", "original_width", "was_cancelled", "completed_by", "objects", "classTitle", "geometryType"),
    *("bitmap", "origin", "tags", "exterior", "size", "classes", "title"),
]
LEAVES = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.integers() | st.sampled_from(["a.png", "cat", ""])
    | st.text(max_size=5) | st.sampled_from(["\ud800", "../../x.png", "=1", "\0"])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8),
    max_leaves=30,
)
MANY = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "12")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def check(data_set, name: str, source=None) -> None:
    """Read it, as a folder unless told; what comes back must be whole and writable."""
    pictures = Pictures(data_set.root, extract=data_set.root.parent / "extracted") if name == "idx" else None
    try:
        records = read_labels(source or data_set.root, name, pictures=pictures)
    except ValueError as error:
        refusal = error
    else:
        assert list(records.boxes_or_images.columns) == list(COLUMNS)
        "".join(records.boxes_or_images["label"]).encode("utf-8")
        "".join(records.problems["reason"]).encode("utf-8")
        assert not records.boxes_or_images["image"].str.contains("..", regex=False).any()
        return
    assert type(refusal) is ValueError  # ours, and not one of its kinds that a library let through
    assert str(refusal)


def test_every_format_is_fuzzed():
    assert FILES.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
@MANY
@given(content=st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "ignore")))
@example(content=b"\0\r\0")
def test_any_bytes(data_set, name, content):
    data_set.picture("a.png")
    path = data_set.write(FILES[name], content)
    for other in OTHERS.get(name, ()):
        data_set.write(other, content)
    check(data_set, name)
    if name in ("coco", "createml", "label_studio", "table", "mturk", "toloka"):
        check(data_set, name, path)
    with contextlib.suppress(ValueError):
        detect_format(data_set.root)


@pytest.mark.parametrize("name", ["coco", "createml", "labelme", "label_studio", "supervisely"])
@MANY
@given(value=VALUES)
def test_any_json(data_set, name, value):
    data_set.picture("a.png")
    data_set.write("meta.json", json.dumps(value))
    check(data_set, name, data_set.write(FILES[name], json.dumps(value)) if name != "supervisely" else None)


SKELETONS = {
    "coco": lambda v: {"images": [{"id": 1, "file_name": "a.png"}, v], "annotations": [v, {"image_id": 1, "bbox": v,
                       "category_id": 1, "segmentation": v, "attributes": v, "iscrowd": v}],
                       "categories": [{"id": 1, "name": "cat"}, v]},
    "createml": lambda v: [{"image": "a.png", "annotations": [{"label": "cat", "coordinates": v}, v]}, v],
    "labelme": lambda v: {"imagePath": "a.png", "imageWidth": v, "flags": v, "shapes": [{"label": "cat", "points": v,
                          "shape_type": "circle", "flags": v}, {"label": v, "points": [[1, 2], v]}, v]},
    "label_studio": lambda v: [{"data": {"image": "a.png"}, "annotations": [{"completed_by": v, "result": [v, {
                               "id": v, "type": "rectanglelabels", "original_width": v, "original_height": 9,
                               "value": {"x": v, "y": 1, "width": 5, "height": v, "rotation": v, "points": v,
                                         "rectanglelabels": ["cat", v]}}]}]}, v],
    "supervisely": lambda v: {"size": v, "tags": [v], "objects": [{"classTitle": "cat", "points": {"exterior": v},
                              "tags": v, "bitmap": v}, {"classTitle": "dog", "bitmap": {"data": v, "origin": v}}, v]},
}  # fmt: skip


@pytest.mark.parametrize("name", SKELETONS)
@MANY
@given(value=VALUES)
def test_any_value_inside_a_right_file(data_set, name, value):
    data_set.picture("a.png", "ds/img/a.png")
    data_set.write("meta.json", '{"classes": []}')
    path = data_set.write(FILES[name], json.dumps(SKELETONS[name](value)))
    check(data_set, name, None if name == "supervisely" else path)


HEADS = {
    "table": "image,label,x_min,y_min,x_max,y_max,split,width,crowd",
    "mturk": "AssignmentId,WorkerId,AssignmentStatus,Input.image,Input.golden,Answer.b,Answer.c,Answer.taskAnswers,x",
    "toloka": "INPUT:image,OUTPUT:label,GOLDEN:label,ASSIGNMENT:worker_id,ASSIGNMENT:status,a,b,c,d",
    "roboflow": "filename,cat,dog,a,b,c,d,e,f",
}
CELLS = st.sampled_from(
    ["a.png", "cat", "1", "0", "nan", "inf", "-1e999", "true", "[", "{}", "[1]", "train"]
) | st.text(max_size=6)


@pytest.mark.parametrize("name", HEADS)
@MANY
@given(rows=st.lists(st.lists(CELLS, min_size=9, max_size=9), max_size=4))
def test_any_cells(data_set, name, rows):
    data_set.picture("a.png")
    text = "\n".join([HEADS[name], *(",".join(row) for row in rows)])
    check(data_set, name, data_set.write(FILES[name].replace("tsv", "csv"), text.encode("utf-8", "ignore")))


@MANY
@given(lines=st.lists(st.lists(CELLS | st.floats().map(str) | st.integers(0, 3).map(str), max_size=9), max_size=4))
def test_any_line_of_yolo(data_set, lines):
    data_set.picture("a.png")
    data_set.write("classes.txt", "cat\ndog\n")
    data_set.write("a.txt", "\n".join(" ".join(line) for line in lines).encode("utf-8", "ignore"))
    check(data_set, "yolo")


@MANY
@given(name=st.text(max_size=8), number=CELLS, extra=st.text(max_size=20))
def test_any_element_of_voc(data_set, name, number, extra):
    data_set.picture("a.png")
    boxed = f"<object><name>{name}</name><bndbox><xmin>{number}</xmin><ymin>1</ymin></bndbox>{extra}</object>"
    for file, head in (
        ("a.xml", "<filename>a.png</filename>"),
        ("b.xml", f"<filename>{name}</filename><nrows>1</nrows>"),
    ):
        data_set.write(file, f"<annotation>{head}{boxed}</annotation>".encode("utf-8", "ignore"))
    check(data_set, "voc")
    check(data_set, "labelme_web")
