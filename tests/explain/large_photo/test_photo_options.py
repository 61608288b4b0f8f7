import pytest

from imgcls.explain.large_photo.photo_options import PhotoOptions


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"shares": ()}, "There is no scale; expected at least one share"),
        ({"shares": (1.0, 0.0)}, "A scale covers 0 of the short side; expected a share above 0 and up to 1"),
        ({"shares": (2.0,)}, "A scale covers 2 of the short side"),
        ({"factors": (-1.0,)}, "A scale has the factor -1; expected a number above 0"),
        ({"threshold": 50}, "threshold is 50; expected a probability from 0 to 1"),
        ({"overlap": 0}, "overlap is 0; expected a share above 0 and up to 1"),
        ({"step": 1.5}, "step is 1.5; expected a share"),
        ({"best": 0}, "best is 0; expected at least 1"),
        ({"way": "both"}, "way is 'both'; expected auto or windows"),
    ],
)
def test_what_makes_no_sense_is_said(chosen, sentence):
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(")):
        PhotoOptions(**chosen)
