"""TFRecord of TensorFlow Object Detection; Datumaro wrote the files with TensorFlow."""

import io
import shutil

import numpy as np
import PIL.Image
import pytest

from imgcls.labels import ImageIndex, detect_format, read_labels


@pytest.fixture
def read(tmp_path):
    return lambda source: read_labels(source, image_index=ImageIndex(source, extract=tmp_path / "out"))


def png() -> bytes:
    out = io.BytesIO()
    PIL.Image.fromarray(np.full((48, 64, 3), 90, np.uint8)).save(out, "PNG")
    return out.getvalue()


def example(**features: list) -> bytes:
    import tensorflow as tf

    kinds = {bytes: ("bytes_list", tf.train.BytesList), int: ("int64_list", tf.train.Int64List),
             float: ("float_list", tf.train.FloatList)}  # fmt: skip
    made = {}
    for name, values in features.items():
        key, kind = kinds[type(values[0])]
        made["image/" + name.replace("__", "/")] = tf.train.Feature(**{key: kind(value=values)})
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()


def boxed(*classes: bytes, **more: list) -> bytes:
    edges = {"xmin": 0.25, "xmax": 0.5, "ymin": 0.5, "ymax": 1.0}
    shares = {f"object__bbox__{edge}": [share] * len(classes) for edge, share in edges.items()}
    named = {"object__class__text": list(classes)} if any(classes) else {}
    return example(encoded=[png()], width=[64], height=[48], **shares, **named, **more)


def write(path, *records: bytes, packed: bool = False) -> None:
    import tensorflow as tf

    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), "GZIP" if packed else "") as writer:
        for record in records:
            writer.write(record)


def test_what_datumaro_wrote(files, read, look):
    assert detect_format(files / "tfrecord") == "tfrecord"
    records = read(files / "tfrecord")
    assert look.boxes(records, image="train/a.png") == {"cat": [10, 5, 30, 35], "Guide dog": [40, 8, 56, 32]}
    assert look.boxes(records, image="val/b.png") == {"птица": [1, 2, 31, 42]}
    assert ("val/empty.png", "") in look.labels(records)
    assert set(records.boxes_or_images["split"]) == {"train", "validation"}
    assert records.problems.empty
    with PIL.Image.open(records.root / "train" / "a.png") as image:
        assert np.asarray(image).shape == (48, 64, 3)


@pytest.mark.parametrize("packed", [False, True])
def test_numbers_and_inner_names_get_what_the_label_map_shows(data_set, read, look, packed):
    data_set.write("map.pbtxt", 'item {\n  name: "/m/01"\n  id: 1\n  display_name: "Cat \\"Tom\\""\n}\n'
                   "item { id: 2 name: 'dog' keypoints { id: 9 label: 'nose' } }\n")  # fmt: skip
    path = data_set.root / "train.record-00000-of-00001"
    write(path, boxed(b"", b"", object__class__label=[1, 2]), boxed(b"/m/01", object__is_crowd=[1]), packed=packed)
    assert detect_format(data_set.root) == detect_format(path) == "tfrecord"
    for source in (data_set.root, path):
        records = read(source)
        first, second = "train-00000-of-00001/000000.png", "train-00000-of-00001/000001.png"
        assert look.boxes(records, image=first) == {'Cat "Tom"': [16, 24, 32, 48], "dog": [16, 24, 32, 48]}
        assert look.boxes(records, image=second) == {'Cat "Tom"': [16, 24, 32, 48]}
        assert list(records.boxes_or_images["crowd"]) == [False, False, True]
        assert records.problems.empty


def test_one_class_an_image(data_set, read, look):
    path = data_set.root / "flowers_validation.tfrecord"
    write(path, *(example(encoded=[png()], class__text=[b"rose"], class__label=[3], filename=[b"../x/a.png"])
                  for _ in range(2)))  # fmt: skip
    records = read(data_set.root)
    assert look.labels(records) == [("flowers_validation/000001.png", "rose"), ("flowers_validation/a.png", "rose")]
    assert set(records.boxes_or_images["split"]) == {"validation"}


def test_no_image_is_written_over_another(data_set, read, look):
    named = [example(encoded=[png()], class__text=[b"rose"], filename=[name]) for name in (b"000001.png", b"")]
    for name in ("a.record", "a.tfrecord"):
        write(data_set.root / name, *named)
    assert len(set(look.labels(read(data_set.root)))) == 4


def test_what_is_wrong_is_reported(data_set, read, look):
    uneven = boxed(b"cat", object__class__label=[1, 2])
    path = data_set.root / "train.tfrecord"
    write(path, boxed(b"cat"), b"\xff\xff", uneven, example(encoded=[b"no image"], class__label=[1]),
          boxed(b"", object__class__label=[5]), boxed(b"dog"))  # fmt: skip
    path.write_bytes(path.read_bytes()[:-5])
    records = read(data_set.root)
    assert look.labels(records) == [("train/000000.png", "cat"), ("train/000004.png", "5")]
    reported = {line: reason for _, line, reason in look.reported(records, "left out")}
    assert set(reported) == {"1", "2", "3", "5"}
    assert "no tf.train.Example" in reported["1"]
    assert "2 classes for 1, 1, 1, 1 edges" in reported["2"]
    assert "with its labels (1)" in reported["3"]
    assert "damaged from here on" in reported["5"]


def test_the_records_of_tensorflow_datasets_are_another_form(data_set, files):
    shutil.copy(files / "tfrecord" / "train.tfrecord", data_set.root / "x-train.tfrecord-00000-of-00001")
    data_set.write("dataset_info.json", "{}")
    with pytest.raises(ValueError, match="none of the formats"):
        detect_format(data_set.root)
