"""CIFAR: https://www.cs.toronto.edu/~kriz/cifar.html; Datumaro wrote the pickles in `files`."""

import os
import pickle

import numpy as np
import PIL.Image
import pytest

from imgcls.labels import ImageIndex, detect_format, read_labels


@pytest.fixture
def read(tmp_path):
    return lambda source: read_labels(source, image_index=ImageIndex(source, extract=tmp_path / "out"))


def random_images(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)


def test_what_datumaro_wrote(files, read, look):
    assert detect_format(files / "cifar") == "cifar"
    records = read(files / "cifar")
    rows = records.boxes_or_images
    assert set(zip(rows["image"], rows["label"], rows["split"], strict=True)) == {
        ("data_batch_1/00000.png", "cat", "train"),
        ("data_batch_1/00001.png", "Guide dog", "train"),
        ("test_batch/00000.png", "cat", "test"),
        ("test_batch/00001.png", "Guide dog", "test"),
    }
    assert rows["attributes"].iloc[0] == '{"filename": "data_batch_1-0.png"}'
    assert records.problems.empty


@pytest.mark.parametrize("protocol", range(2, 6))
def test_pixels_of_every_protocol(data_set, read, protocol):
    images = random_images(2)
    for keyed in (str, str.encode):  # the published files have bytes as keys
        content = {"data": images.reshape(2, -1), "fine_labels": [1, np.int64(0)], "coarse_labels": [1, 0]}
        data_set.write("train", pickle.dumps({keyed(key): value for key, value in content.items()}, protocol))
        names = {"fine_label_names": ["apple", "bed"], "coarse_label_names": ["fruit", "furniture"]}
        data_set.write("meta", pickle.dumps({keyed(key): [keyed(n) for n in value] for key, value in names.items()}))
        assert detect_format(data_set.root) == "cifar"
        records = read(data_set.root)
        rows = records.boxes_or_images
        assert list(rows["label"]) == ["bed", "apple"]
        assert list(rows["attributes"]) == ['{"coarse": "furniture"}', '{"coarse": "fruit"}']
        with PIL.Image.open(records.root / rows["image"].iloc[0]) as image:
            assert np.array_equal(np.asarray(image), images[0].transpose(1, 2, 0))


def test_a_pickle_of_python_2(data_set, read):
    """As Python 2 and its NumPy wrote them: texts are bytes without a mark, and so are the pixels."""
    raw = random_images(1).tobytes()
    content = (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
        b"K\x00tb\x89T\x00\x0c\x00\x00" + raw + b"tbU\x06labels]K\x00au."
    )
    assert np.array_equal(pickle.loads(content, encoding="bytes")[b"data"].ravel(), np.frombuffer(raw, np.uint8))
    data_set.write("test_batch", content)
    assert detect_format(data_set.root) == "cifar"
    assert list(read(data_set.root).boxes_or_images["label"]) == ["0"]


@pytest.mark.parametrize(("name", "heads"), [("data_batch_1.bin", [[1], [0]]), ("train.bin", [[9, 1], [9, 0]])])
def test_the_binary_version(data_set, read, name, heads):
    images = random_images(2)
    data_set.write(name, b"".join(bytes(head) + image.tobytes() for head, image in zip(heads, images, strict=True)))
    data_set.write("batches.meta.txt", "airplane\nautomobile\n\n")
    data_set.write("fine_label_names.txt", "airplane\nautomobile\n")
    assert detect_format(data_set.root) == "cifar"
    records = read(data_set.root)
    assert list(records.boxes_or_images["label"]) == ["automobile", "airplane"]
    with PIL.Image.open(records.root / records.boxes_or_images["image"].iloc[1]) as image:
        assert np.array_equal(np.asarray(image), images[1].transpose(1, 2, 0))


class Run:
    def __init__(self, command: str):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_a_pickle_cannot_run_anything(data_set, read, look, tmp_path):
    data_set.write("data_batch_1", pickle.dumps({"labels": Run(f"touch {tmp_path}/ran"), "data": 1}))
    records = read(data_set.root)
    assert not (tmp_path / "ran").exists()
    assert "only arrays and plain values are read" in look.reported(records, "left out")[0][2]


def test_what_is_wrong_is_reported(data_set, read, look):
    good = {"data": random_images(2).reshape(2, -1), "labels": [0, 7]}
    data_set.write("batches.meta", pickle.dumps({"label_names": ["cat"]}))
    data_set.write("data_batch_1", pickle.dumps(good))
    data_set.write("data_batch_2", pickle.dumps(good)[:-900])
    data_set.write("data_batch_3", pickle.dumps(good | {"labels": [0]}))
    data_set.write("data_batch_4", pickle.dumps(good | {"data": good["data"][:, :-1]}))
    data_set.write("test_batch", pickle.dumps(good | {"data": good["data"].astype(np.int64) - 1}))
    data_set.write("train.bin", b"short")
    data_set.write("test", pickle.dumps(good | {"labels": [np.float64(0), 1]}))
    records = read(data_set.root)
    assert list(records.boxes_or_images["image"]) == ["data_batch_1/00000.png"]
    reported = {(file, line): reason for file, line, reason in look.reported(records, "left out")}
    assert set(reported) == {("data_batch_1", "1"), ("test_batch", ""), ("train.bin", ""), ("test", ""),
                         *((f"data_batch_{n}", "") for n in (2, 3, 4))}  # fmt: skip
    assert "2 images, but labels for 1" in reported["data_batch_3", ""]
    assert "three planes of a square" in reported["data_batch_4", ""]


def test_pixels_need_a_folder(files):
    with pytest.raises(ValueError, match="Name a folder"):
        read_labels(files / "cifar")
