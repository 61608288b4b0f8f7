"""Any bytes give records or a ValueError in every format, and so does any JSON or table of roughly the right shape."""

import contextlib
import json
import os
import pickle
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from imgcls.labels import FORMATS, ImageIndex, detect_format, read_labels
from imgcls.labels.formats.cvat import SHAPES
from imgcls.labels.records import COLUMNS

FILES = {
    "coco": "annotations.json",
    "voc": "a.xml",
    "yolo": "a.txt",
    "createml": "labels.json",
    "labelme": "a.json",
    "labelme_web": "a.xml",
    "label_studio": "tasks.json",
    "cvat": "annotations.xml",
    "vott": "a-export.json",
    "datumaro": "annotations/default.json",
    "supervisely": "ds/ann/a.png.json",
    "open_images": "train-annotations-bbox.csv",
    "kitti": "label_2/a.txt",
    "imagenet_lists": "train.txt",
    "cifar": "data_batch_1",
    "tfrecord": "a.tfrecord",
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
    "vott": ("a.vott", "id-asset.json"),
    "open_images": ("class-descriptions.csv", "ids.csv"),
    "imagenet_lists": ("classes.txt",),
    "cifar": ("batches.meta", "batches.meta.txt", "test_batch.bin"),
    "tfrecord": ("map.pbtxt",),
}
KEYS = [
    *("images", "annotations", "categories", "id", "image_id", "category_id", "bbox", "iscrowd", "segmentation"),
    *("attributes", "file_name", "name", "width", "height", "shapes", "label", "points", "shape_type", "flags"),
    *("imagePath", "imageData", "imageWidth", "image", "coordinates", "x", "y", "data", "result", "value", "choices"),
    *("rectanglelabels", "original_width", "was_cancelled", "completed_by", "objects", "classTitle", "geometryType"),
    *(
        "bitmap",
        "origin",
        "tags",
        "exterior",
        "size",
        "classes",
        "title",
        "asset",
        "assets",
        "regions",
        "path",
        "state",
    ),
    *("boundingBox", "items", "label_id", "rle", "counts", "type", "left", "vertices", "predictions", "task"),
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
    """Read it, as a folder unless a source is named; what comes back must be whole and writable."""
    packed = FORMATS[name].packed
    image_index = ImageIndex(data_set.root, extract=data_set.root.parent / "extracted") if packed else None
    try:
        records = read_labels(source or data_set.root, name, image_index=image_index)
    except ValueError as error:
        refusal = error
    else:
        assert list(records.boxes_or_images.columns) == list(COLUMNS)
        assert len(records.boxes_or_images) + len(records.problems)  # a file that was given is never passed over
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
@pytest.mark.thorough
def test_any_bytes(data_set, name, content):
    data_set.image("a.png")
    path = data_set.write(FILES[name], content)
    for other in OTHERS.get(name, ()):
        data_set.write(other, content)
    check(data_set, name)
    if name not in ("yolo", "supervisely", "imagenet", "folders"):  # these are folders only
        check(data_set, name, path)
    with contextlib.suppress(ValueError):
        detect_format(data_set.root)


@pytest.mark.parametrize("name", ["coco", "createml", "labelme", "label_studio", "supervisely", "vott", "datumaro"])
@MANY
@given(value=VALUES)
def test_any_json(data_set, name, value):
    data_set.image("a.png")
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
    "vott": lambda v: {"tags": v, "assets": {"a": {"asset": {"id": v, "name": "a.png", "size": v, "state": v},
                       "regions": [{"tags": ["cat", v], "type": v, "boundingBox": v, "points": v}, v]}, "b": v,
                       "c": {"asset": v},
                       "d": {"asset": {"path": v, "name": v}, "regions": v}}},
    "datumaro": lambda v: {"categories": {"label": {"labels": [{"name": "cat"}, v]}}, "items": [v, {"id": v, "image": v,
                           "annotations": v}, {"id": "a", "image": {"path": "a.png", "size": v}, "annotations": [v, *(
                           {"type": kind, "label_id": 0, "bbox": v, "points": v, "attributes": v, "rle": {"counts": v,
                           "size": [48, 64]}} for kind in ("bbox", "mask", "polygon", "label", v))]}]},
}  # fmt: skip


@pytest.mark.parametrize("name", SKELETONS)
@MANY
@given(value=VALUES)
def test_any_value_inside_a_right_file(data_set, name, value):
    data_set.image("a.png", "ds/img/a.png")
    data_set.write("meta.json", '{"classes": []}')
    path = data_set.write(FILES[name], json.dumps(SKELETONS[name](value)))
    check(data_set, name, None if name == "supervisely" else path)


HEADS = {
    "table": "image,label,x_min,y_min,x_max,y_max,split,width,crowd",
    "mturk": "AssignmentId,WorkerId,AssignmentStatus,Input.image,Input.golden,Answer.b,Answer.c,Answer.taskAnswers,x",
    "toloka": "INPUT:image,OUTPUT:label,GOLDEN:label,ASSIGNMENT:worker_id,ASSIGNMENT:status,a,b,c,d",
    "roboflow": "filename,cat,dog,a,b,c,d,e,f",
    "open_images": "ImageID,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsGroupOf",
}
CELLS = st.sampled_from(
    ["a.png", "cat", "1", "0", "nan", "inf", "-1e999", "true", "[", "{}", "[1]", "train"]
) | st.text(max_size=6)


@pytest.mark.parametrize("name", HEADS)
@MANY
@given(rows=st.lists(st.lists(CELLS, min_size=9, max_size=9), max_size=4))
def test_any_cells(data_set, name, rows):
    data_set.image("a.png")
    text = "\n".join([HEADS[name], *(",".join(row) for row in rows)])
    check(data_set, name, data_set.write(FILES[name].replace("tsv", "csv"), text.encode("utf-8", "ignore")))


@MANY
@given(lines=st.lists(st.lists(CELLS | st.floats().map(str) | st.integers(0, 3).map(str), max_size=9), max_size=4))
def test_any_line_of_yolo(data_set, lines):
    data_set.image("a.png")
    data_set.write("classes.txt", "cat\ndog\n")
    data_set.write("a.txt", "\n".join(" ".join(line) for line in lines).encode("utf-8", "ignore"))
    check(data_set, "yolo")


@MANY
@given(name=st.text(max_size=8), number=CELLS, extra=st.text(max_size=20))
def test_any_element_of_voc(data_set, name, number, extra):
    data_set.image("a.png")
    boxed = f"<object><name>{name}</name><bndbox><xmin>{number}</xmin><ymin>1</ymin></bndbox>{extra}</object>"
    for file, head in (
        ("a.xml", "<filename>a.png</filename>"),
        ("b.xml", f"<filename>{name}</filename><nrows>1</nrows>"),
    ):
        data_set.write(file, f"<annotation>{head}{boxed}</annotation>".encode("utf-8", "ignore"))
    check(data_set, "voc")
    check(data_set, "labelme_web")


@MANY
@given(lines=st.lists(st.lists(CELLS | st.floats().map(str) | st.integers(0, 3).map(str), max_size=16), max_size=4))
def test_any_line_of_a_text(data_set, lines):
    data_set.image("a.png")
    text = "\n".join(" ".join(line) for line in lines).encode("utf-8", "ignore")
    data_set.write("classes.txt", "cat\ndog\n")
    data_set.write("train.txt", text)
    check(data_set, "imagenet_lists")
    data_set.write("label_2/a.txt", text)
    check(data_set, "kitti")


@MANY
@given(kind=st.sampled_from(SHAPES), values=st.lists(CELLS | st.floats().map(str), min_size=6, max_size=6))
def test_any_shape_of_cvat(data_set, kind, values):
    data_set.image("a.png")
    names = ("label", "xtl", "points", "rle", "frame", "rotation", "width", "cx")
    said = " ".join(f"{name}={quoteattr(value)}" for name, value in zip(names, [*values, *values], strict=False))
    shape = f"<{kind} {said}/><{kind} label='cat' {said.partition(' ')[2]}><points {said}/></{kind}>"
    body = f"<image name='a.png' width={quoteattr(values[0])}>{shape}</image><track label='cat'>{shape}</track>"
    text = f"<annotations><version>1.1</version>{body}</annotations>"
    check(data_set, "cvat", data_set.write("annotations.xml", text.encode("utf-8", "ignore")))


@MANY
@example(value=["\ud800"], protocol=0)
@given(value=VALUES, protocol=st.integers(0, 5))
def test_any_pickle(data_set, value, protocol):
    """What is nested, and the text that stands for half a character, is pickled as it is."""
    pixels = np.zeros((2, 3072), np.uint8)
    for place, content in enumerate((value, {"data": value, "labels": value}, {"data": pixels, "labels": value},
                                     {b"data": pixels, b"fine_labels": [0, value], b"coarse_labels": [value, 0],
                                      "filenames": value})):  # fmt: skip
        with contextlib.suppress(UnicodeEncodeError):  # protocol 0 cannot write half a character
            data_set.write(f"data_batch_{place}", pickle.dumps(content, protocol))
    data_set.write("batches.meta", pickle.dumps({"label_names": value}, 2))
    check(data_set, "cifar")


@MANY
@given(
    values=st.lists(st.binary(max_size=9) | st.integers(-3, 2**40) | st.floats(width=32), max_size=3),
    name=st.sampled_from(["object/class/text", "object/class/label", "class/text", "object/bbox/xmin", "encoded",
                          "width", "filename", "object/is_crowd"]),
)  # fmt: skip
def test_any_feature_of_an_example(data_set, values, name):
    import tensorflow as tf

    lists = {bytes: "bytes_list", int: "int64_list", float: "float_list"}
    example = tf.train.Example()
    gif = b"GIF89a\1\0\1\0\0\0\0;"
    example.features.feature["image/encoded"].bytes_list.value.append(gif)
    for edge in ("xmin", "xmax", "ymin", "ymax"):
        example.features.feature[f"image/object/bbox/{edge}"].float_list.value.append(0.5)
    example.features.feature["image/object/class/label"].int64_list.value.append(1)
    feature = example.features.feature[f"image/{name}"]
    for value in values:
        getattr(feature, lists[type(value)]).value.append(value)  # of several kinds, the last one stays
    with tf.io.TFRecordWriter(str(data_set.root / "a.tfrecord")) as writer:
        writer.write(example.SerializeToString())
    check(data_set, "tfrecord")
