import shutil
from pathlib import Path

import numpy as np
import pytest

from imgcls.explain.methods import MethodOptions
from imgcls.explain.network import Network
from imgcls.models import build_model
from imgcls.workflow.explanation.answers import Question, explain_answers
from tests.conftest import SAMPLE


@pytest.fixture(scope="module")
def network() -> Network:
    model = build_model("lenet5", (32, 32, 1), ["bag", "sneaker", "trouser"])
    return Network(model)


@pytest.fixture
def images(tmp_path) -> list[Path]:
    """A bag in a folder of its name, a sneaker whose class nothing says, and a file that is no image."""
    paths = [tmp_path / "bag" / "a.png", tmp_path / "new" / "b.png", tmp_path / "new" / "c.png"]
    for path, name in zip(paths, ("bag", "sneaker", ""), strict=True):
        path.parent.mkdir(exist_ok=True)
        if name:
            shutil.copy(sorted((SAMPLE / "test" / name).iterdir())[0], path)
        else:
            path.write_bytes(b"no image")
    return paths


@pytest.fixture(autouse=True)
def preprocessing(network):
    network.preprocessing = {"height": 32, "width": 32, "channels": 1}


def test_the_true_class_is_that_of_the_manifest_or_of_the_folder(network, images):
    question = Question(("saliency",), "true", check=False)
    first, second, third = explain_answers(network, images, question)
    assert (first.target, first.true, first.problem) == ("bag", "bag", "")
    assert "its true class is not known" in second.problem
    assert "cannot be read" in third.problem
    known = {images[1].resolve(): "sneaker"}
    assert [each.target for each in explain_answers(network, images[:2], question, known)] == ["bag", "sneaker"]


def test_a_difference_of_classes_is_the_difference_of_maps(network, images):
    def of(target: str, against: str = "") -> np.ndarray:
        question = Question(("gradient_x_input",), target, against, check=False)
        (found,) = explain_answers(network, images[:1], question)
        return found.maps[0].values

    np.testing.assert_allclose(of("bag", "trouser"), of("bag") - of("trouser"), atol=1e-4)


def test_a_right_image_is_explained_by_its_class_alone(network, images):
    (found,) = explain_answers(network, images[:1], Question(("saliency",), "predicted", "bag", check=False))
    expected = found.predicted if found.predicted == "bag" else f"{found.predicted} against bag"
    assert found.question == expected


def test_each_map_is_checked_and_a_map_of_nothing_has_nothing_to_check(network, images):
    (found,) = explain_answers(network, images[:1], Question(("grad_cam", "saliency"), options=MethodOptions(seed=1)))
    for each in found.maps:
        if each.problem:
            assert each.faithfulness is None
        else:
            assert "deletion" in each.caption


def test_names_are_checked_before_an_image_is_read(network, images, monkeypatch):
    monkeypatch.setattr("imgcls.workflow.explanation.answers.read_images", lambda *_: pytest.fail("images were read"))
    for question, said in (
        (Question(("gradcam",)), "Did you mean 'grad_cam'"),
        (Question(target="bags"), "Did you mean 'bag'"),
        (Question(("grad_cam",), options=MethodOptions(layer="c9")), "no layer 'c9'"),
        (Question(target="bag", against="bag"), "against itself"),
    ):
        with pytest.raises(ValueError, match=said):
            next(explain_answers(network, images, question))
