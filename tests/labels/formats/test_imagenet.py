import pytest

from imgcls.labels import detect_format, read_labels


def test_synset_folders_get_their_names_and_splits(data_set, look):
    data_set.image("train/n01440764/1.JPEG", "val/n01440764/2.JPEG", "val/n02123045/3.JPEG")
    assert detect_format(data_set.root) == "imagenet"
    rows = read_labels(data_set.root).boxes_or_images
    assert set(zip(rows["image"], rows["label"], rows["split"], strict=True)) == {
        ("train/n01440764/1.JPEG", "tench", "train"),
        ("val/n01440764/2.JPEG", "tench", "validation"),
        ("val/n02123045/3.JPEG", "tabby cat", "validation"),
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("LOC_synset_mapping.txt", "n02012849 crane\nn03126707 crane\nn01440764 tench, Tinca tinca\n"),
        ("words.txt", "n02012849\tcrane\nn03126707\tcrane\nn01440764\ttench, Tinca tinca\n"),
        (
            "imagenet_class_index.json",
            '{"0": ["n01440764", "tench"], "1": ["n02012849", "crane"], "2": ["n03126707", "crane"]}',
        ),
    ],
)
def test_two_synsets_with_one_name_stay_two_classes(data_set, name, content, look):
    data_set.image("n02012849/1.JPEG", "n03126707/2.JPEG", "n01440764/3.JPEG", "n99999999/4.JPEG")
    data_set.write(name, content)
    records = read_labels(data_set.root)
    assert records.class_names == ["crane (n02012849)", "crane (n03126707)", "n99999999", "tench"]
    assert look.reported(records, "noted")[0][0] == "n99999999"


def test_validation_images_without_folders_have_published_labels(data_set, look):
    data_set.image("train/n01440764/1.JPEG", "val/ILSVRC2012_val_00015416.JPEG")
    rows = read_labels(data_set.root).boxes_or_images
    assert set(zip(rows["image"], rows["label"], rows["split"], strict=True)) == {
        ("train/n01440764/1.JPEG", "tench", "train"),
        ("val/ILSVRC2012_val_00015416.JPEG", "junco", "validation"),
    }
