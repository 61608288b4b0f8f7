import pytest

from imgcls.counted import counted


@pytest.mark.parametrize(
    ("number", "thing", "text"),
    [
        (1, "class", "1 class"),
        (2, "class", "2 classes"),
        (0, "image", "0 images"),
        (12345, "box", "12,345 boxes"),
        (2, "left-out entry", "2 left-out entries"),
        (2, "way", "2 ways"),
    ],
)
def test_a_number_gets_the_noun_that_goes_with_it(number, thing, text):
    assert counted(number, thing) == text
