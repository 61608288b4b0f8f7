"""Quick, good and best: what each is for this data, and how long it takes."""

from dataclasses import replace

import pandas as pd
import pytest
from parts.train.answers import answers
from parts.train.estimate import Speed, in_minutes, seconds_of
from parts.train.facts import Facts, facts_of
from parts.train.state import config_of

from imgcls.data.manifest.table import Manifest
from imgcls.training import auto_settings
from imgcls.training.transfer import plan

PHOTOS = Facts(700, 150, 150, {"cat": 600, "dog": 100}, 480.0, 0, several=False)
SMALL = replace(PHOTOS, side=28.0, image_size=28)
SPEED = Speed("efficientnet_lite0", 224, 40.0, 20.0, 10.0, 20.0, 200.0, "2026-11-26")


def test_photos_are_learned_from_published_weights_and_small_images_from_nothing():
    plans = [config_of(each, {}).network.plan for each in answers(PHOTOS).values()]
    assert plans == ["head", "last_blocks", "all"]
    assert {config_of(each, {}).network.plan for each in answers(SMALL).values()} == {"scratch"}
    assert config_of(answers(PHOTOS)["quick"], {}).network.weights == "imagenet"


def test_what_the_app_says_is_what_the_package_does():
    from parts.train import answers as said
    from parts.train import facts

    from imgcls.data.batches import balance

    assert (said.PHOTO_MODEL, said.SMALL_MODEL) == (auto_settings.PHOTO_MODEL, auto_settings.SMALL_MODEL)
    assert (said.MANY, facts.SMALL_IMAGE) == (plan.MANY, auto_settings.SMALL_IMAGE)
    assert said.UNEVEN == balance.AUTO_RATIO


@pytest.mark.parametrize("facts", [PHOTOS, SMALL])
def test_a_better_answer_takes_longer(facts):
    most = [seconds_of(config_of(each, {}), facts, SPEED)[1] for each in answers(facts).values()]
    assert most == sorted(most)
    assert all(
        low <= high for low, high in (seconds_of(config_of(a, {}), facts, SPEED) for a in answers(facts).values())
    )


def test_the_reasons_name_the_rarest_class_and_no_flag():
    for answer in [*answers(PHOTOS).values(), *answers(SMALL).values()]:
        text = " ".join(answer.reasons)
        assert "'dog' is the smallest class with 100 images" in text
        assert "--" not in text
        assert "evens the classes out" in text


def test_a_change_of_the_user_holds_and_a_wrong_one_is_said_as_the_page_does():
    answer = answers(PHOTOS)["good"]
    assert config_of(answer, {("training", "epochs"): 3}).training.epochs == 3
    with pytest.raises(ValueError, match="“Epochs” is 0; expected 1 to"):
        config_of(answer, {("training", "epochs"): 0})


def test_minutes_are_no_more_exact_than_they_are_known():
    assert in_minutes((20, 50)) == "about 1 min"
    assert in_minutes((170, 700)) == "3 to 12 min"
    assert in_minutes((7200, 14400)) == "2 to 4 h"


def test_a_class_with_too_few_images_is_named():
    rows = pd.DataFrame({"image": [f"{n}.png" for n in range(12)], "label": ["cat"] * 10 + ["dog"] * 2})
    with pytest.raises(ValueError, match="'dog' has fewer than 3 images"):
        facts_of(Manifest.from_records(rows, "photos"))
