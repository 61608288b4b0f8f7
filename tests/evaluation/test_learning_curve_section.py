from dataclasses import replace

from imgcls.evaluation.learning_curve import Gain, LearningCurve, Point
from imgcls.evaluation.learning_curve_section import learning_curve_section, learning_curve_steps

FOUND = LearningCurve(
    1000,
    (Point(100, 0.7, 0.66, 0.74), Point(1000, 0.8, 0.76, 0.84)),
    ((100, 0.7), (1000, 0.8), (2000, 0.815)),
    Gain("", 0.015, 0.005, 0.021),
    (Gain("shirt", 0.08, 0.02, 0.13), Gain("bag", 0.01, -0.02, 0.03)),
)


def test_what_more_images_bring_is_said_with_its_interval():
    section = learning_curve_section(FOUND)
    assert "Twice as many images of this kind would bring 0.5 to 2.1 points of accuracy." in section.sentences
    assert any("shirt (2.0 to 13.0 points of its images)" in sentence for sentence in section.sentences)
    assert section.charts[0].svg.startswith("<svg")
    (step,) = learning_curve_steps(FOUND)
    assert step.what == "Collect about 1,000 more training images like those that there are, of shirt first"
    assert step.gain == 1.5


def test_images_that_hardly_help_are_not_asked_for():
    flat = replace(FOUND, doubling=Gain("", 0.001, 0.0, 0.004))
    assert any("would hardly help" in sentence for sentence in learning_curve_section(flat).sentences)
    assert learning_curve_steps(flat) == []


def test_what_cannot_be_said_is_said():
    unsure = replace(FOUND, doubling=None, reason="What twice the images would bring cannot be said.")
    assert "What twice the images would bring cannot be said." in learning_curve_section(unsure).sentences
    assert learning_curve_steps(unsure) == []
    nothing = learning_curve_section(LearningCurve(5, (), reason="There are 5 training images."))
    assert nothing.sentences == ("There is too little to say. There are 5 training images.",)
    assert (nothing.charts, nothing.table) == ((), None)
