from dataclasses import replace

import numpy as np
import pytest

from imgcls.evaluation.alignment import align
from tests.evaluation.pairs import NAMES, pair_of, table_of

RIGHT = np.arange(60) % 4 > 0


def test_rows_and_classes_in_another_order_are_the_same():
    first, second = pair_of(40, 5, 5, 10)
    turned = second.take(np.arange(60)[::-1])
    order = [2, 0, 1]
    turned = replace(turned, class_names=[NAMES[i] for i in order], probabilities=turned.probabilities[:, order])
    aligned = align("ab", [first, turned])
    assert aligned.sentences == ()
    assert aligned.tables[1].class_names == NAMES
    np.testing.assert_array_equal(aligned.tables[1].correct, second.correct)


def test_other_classes_are_refused_in_a_sentence():
    other = replace(table_of(RIGHT), class_names=["ant", "bee", "dog"])
    with pytest.raises(ValueError, match=r"other classes.*a alone knows cat; b alone knows dog"):
        align("ab", [table_of(RIGHT), other])


def test_other_images_are_refused_in_a_sentence():
    other = table_of(RIGHT, split_hash="two").take(np.arange(20, 60))
    with pytest.raises(ValueError, match=r"a and b have other test images.*40 of 60 and 40 are in both"):
        align("ab", [table_of(RIGHT), other])


def test_the_same_test_images_of_other_splits_are_compared():
    """As of a run whose training images were changed."""
    assert len(align("ab", [table_of(RIGHT), table_of(RIGHT, split_hash="two")]).first) == 60


def test_files_of_the_same_name_with_another_content_are_refused():
    other = table_of(RIGHT)
    other.rows.loc[7, "sha256"] = "another"
    with pytest.raises(ValueError, match=r"1 image of a and b have the same name and another content, first 7\.png"):
        align("ab", [table_of(RIGHT), other])


def test_what_one_could_not_read_is_left_out_for_all():
    aligned = align("abc", [table_of(RIGHT), table_of(RIGHT).take(np.arange(59)), table_of(RIGHT)])
    assert [len(table) for table in aligned.tables] == [59, 59, 59]
    assert aligned.sentences == ("Left out for all: 1 image that could not be read in one of the runs.",)


def test_what_has_another_label_is_left_out_for_all():
    other = table_of(RIGHT)
    other.rows.at[4, "labels"], other.rows.loc[4, "label"] = ["ant"], "ant"
    aligned = align("ab", [table_of(RIGHT), other])
    assert [len(table) for table in aligned.tables] == [59, 59]
    assert aligned.sentences == ("Left out for all: 1 image that have another label in one of the runs.",)


def test_several_classes_an_image_are_not_compared_with_one():
    with pytest.raises(ValueError, match="b alone gives an image several classes"):
        align("ab", [table_of(RIGHT), table_of(RIGHT, multi_label=True)])
