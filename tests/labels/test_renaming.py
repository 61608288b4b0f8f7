import pytest

from imgcls.labels import read_labels
from imgcls.labels.renaming import rename_classes


@pytest.fixture
def zoo(data_set):
    data_set.image("1.png", "2.png", "3.png", "4.png")
    data_set.write("t.csv", "image,label\n1.png,cat\n2.png,Cat\n3.png,dog\n3.png,blur\n4.png,blur\n")
    return read_labels(data_set.root)


def test_renamed_merged_and_dropped_at_once(zoo, data_set, look):
    table = data_set.write("names.csv", "from,to\nCat,cat\ncat,dog\ndog,cat\nblur,\n")
    result = rename_classes(zoo, table)
    assert look.labels(result) == [("1.png", "dog"), ("2.png", "cat"), ("3.png", "cat")]
    assert look.reported(result, "left out") == [
        ("", "", "the class 'blur' was dropped by the table, and its 2 labels with it.")
    ]


def test_a_name_that_is_no_class_gets_the_nearest(zoo):
    with pytest.raises(ValueError, match=r"no class 'dogg' to rename\. Did you mean 'dog'"):
        rename_classes(zoo, {"dogg": "dog"})


@pytest.mark.parametrize("content", ["from,to\ncat\n", "old,new\ncat,dog\n", "from,to\ncat,a\ncat,b\n", ""])
def test_a_broken_table_is_refused(zoo, data_set, content):
    with pytest.raises(ValueError, match=r"names\.csv"):
        rename_classes(zoo, data_set.write("names.csv", content))
