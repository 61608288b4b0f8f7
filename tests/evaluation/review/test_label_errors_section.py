import pytest

from imgcls.evaluation.review.label_errors_section import label_errors_section, label_errors_steps

REVIEW = {
    "run": "photos-1",
    "how": "a head for each fold",
    "judged": 200,
    "looks_wrong": 10,
    "accuracy": 0.9,
    "share": {"estimate": 0.05, "low": 0.03, "high": 0.09},
    "copies_with_two_labels": 0,
    "pairs": [{"given": "shirt", "looks_like": "coat", "images": 4}],
}


def test_the_section_says_the_share_and_which_classes():
    section = label_errors_section(REVIEW)
    assert "5.0 % (95 % interval 3.0 to 9.0 %)" in section.sentences[0]
    assert section.table.rows == (("shirt", "coat", "4"),)


def test_the_step_names_the_class_the_figure_and_the_command():
    (step,) = label_errors_steps(REVIEW, "runs/photos-1")
    assert "'shirt'" in step.what
    assert "10 of 200 labels look wrong" in step.why
    assert "--overlay runs/photos-1/corrections.csv" in step.command
    assert step.gain == pytest.approx(5.0)
    (spaced,) = label_errors_steps(REVIEW, "runs/my photos")
    assert "--data 'runs/my photos/manifest.parquet' --overlay 'runs/my photos/corrections.csv'" in spaced.command


@pytest.mark.parametrize("share", [None, {"estimate": 0.005, "low": 0.0, "high": 0.02}])
def test_too_few_are_no_next_step(share):
    review = {**REVIEW, "share": share, "pairs": []}
    assert label_errors_steps(review, "runs/photos-1") == []
    assert label_errors_section(review).table is None
    assert len(label_errors_steps({**review, "copies_with_two_labels": 2}, "runs/photos-1")) == 1
