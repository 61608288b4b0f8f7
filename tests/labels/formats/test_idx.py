"""IDX: http://yann.lecun.com/exdb/mnist/; Fashion-MNIST as Debian packages it, where it is installed."""

import gzip
import struct
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from imgcls.labels import ImageIndex, detect_format, read_labels

FASHION = Path("/usr/share/datasets/fashion-mnist")  # of the package dataset-fashion-mnist


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def digits(data_set):
    images = np.arange(3 * 5 * 4, dtype=np.uint8).reshape(3, 5, 4)
    data_set.write("train-images-idx3-ubyte.gz", gzip.compress(idx(images)))
    data_set.write("train-labels-idx1-ubyte.gz", gzip.compress(idx(np.array([7, 0, 2], np.uint8))))
    data_set.write("t10k-images-idx3-ubyte", idx(images[:1]))
    data_set.write("t10k-labels-idx1-ubyte", idx(np.array([2], np.uint8)))
    return data_set


def test_images_are_written_with_their_pixels(digits, tmp_path, look):
    assert detect_format(digits.root) == "idx"
    records = read_labels(digits.root, image_index=ImageIndex(digits.root, extract=tmp_path / "out"))
    rows = records.boxes_or_images
    assert set(zip(rows["image"], rows["label"], rows["split"], strict=True)) == {
        ("train/00000.png", "7", "train"),
        ("train/00001.png", "0", "train"),
        ("train/00002.png", "2", "train"),
        ("t10k/00000.png", "2", "test"),
    }
    with PIL.Image.open(records.root / "train" / "00001.png") as image:
        assert np.array_equal(np.asarray(image), np.arange(20, 40).reshape(5, 4))
    assert len(look.reported(records, "noted")) == 2


def test_numbers_get_the_names_that_are_given(digits, tmp_path):
    image_index = ImageIndex(digits.root, extract=tmp_path / "out")
    names = [f"class {number}" for number in range(8)]
    assert read_labels(digits.root, image_index=image_index, class_names=names).class_names == [
        "class 0",
        "class 2",
        "class 7",
    ]
    with pytest.raises(ValueError, match="has the number 7, but the list of classes has 5 names"):
        read_labels(digits.root, image_index=image_index, class_names=names[:5])


def test_pixels_need_a_folder(digits):
    with pytest.raises(ValueError, match="Name a folder"):
        read_labels(digits.root)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\x08\x03", idx(np.zeros((2, 3, 3), np.uint8))[:-1], bytes([0, 0, 8, 3]) + b"\xff" * 12, b"\x1f\x8b\0"],
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_broken_files_are_refused(data_set, tmp_path, content, suffix):
    data_set.write(f"train-labels-idx1-ubyte{suffix}", b"")
    path = data_set.write(f"train-images-idx3-ubyte{suffix}", gzip.compress(content) if suffix else content)
    with pytest.raises(ValueError, match="train-"):
        read_labels(path, "idx", image_index=ImageIndex(data_set.root, extract=tmp_path / "out"))


@pytest.mark.slow
@pytest.mark.skipif(not FASHION.is_dir(), reason="the package dataset-fashion-mnist is not installed")
def test_the_published_fashion_mnist_knows_its_class_names(data_set, tmp_path):
    labels = gzip.decompress((FASHION / "t10k-labels-idx1-ubyte.gz").read_bytes())
    images = gzip.decompress((FASHION / "t10k-images-idx3-ubyte.gz").read_bytes())
    data_set.write("t10k-labels-idx1-ubyte", labels)
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(10_000, 28, 28)
    data_set.write("t10k-images-idx3-ubyte", idx(pixels))
    records = read_labels(data_set.root, image_index=ImageIndex(data_set.root, extract=tmp_path / "out"))
    assert records.boxes_or_images["label"].value_counts().to_dict() == dict.fromkeys(records.class_names, 1000)
    assert records.boxes_or_images["label"].iloc[0] == "Ankle boot"
    assert records.problems.empty
