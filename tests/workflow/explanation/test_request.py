import pytest

from imgcls.workflow.explanation.request import ExplainRequest


def test_the_views_by_default_are_those_that_the_images_allow():
    assert ExplainRequest().views(has_images=True) == ("why",)
    assert ExplainRequest().views(has_images=False) == ("filters", "units", "patches")
    assert ExplainRequest(("units", "why", "units")).views(has_images=False) == ("units", "why")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"most_images": -1}, "--most-images is -1"),
        ({"methods": ()}, "--methods stands there without a method"),
        ({"scales": (0.5, 0.0)}, "--scales has 0.0"),
    ],
)
def test_what_is_out_of_range_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        ExplainRequest(**changes)
