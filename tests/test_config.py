import dataclasses

import pytest

from imgcls.config import (
    AugmentationConfig,
    BalanceConfig,
    InputConfig,
    NetworkConfig,
    PatchesConfig,
    TrainConfig,
    TrainingConfig,
)


@pytest.mark.parametrize("field", dataclasses.fields(AugmentationConfig), ids=lambda field: field.name)
def test_augmentation_has_ranges(field):
    name, (least, most) = field.name, field.metadata["range"]
    for inside in (least, most):
        assert getattr(AugmentationConfig(**{name: inside}), name) == inside
    for outside in (least - 1, most + 1):
        with pytest.raises(ValueError, match=f"--{name.replace('_', '-')} is {outside}; expected {least} to {most}"):
            AugmentationConfig(**{name: outside})


def test_options_that_exclude_each_other_are_refused():
    with pytest.raises(ValueError, match="--balance-exponent goes with --balance sample or --balance augment"):
        BalanceConfig(balance="weights", balance_exponent=0.5)
    with pytest.raises(ValueError, match="--logit-adjustment goes with --balance logits, not with --balance auto"):
        BalanceConfig(logit_adjustment=1.0)
    with pytest.raises(ValueError, match="--cache disk keeps images in this process, and --data-service has others"):
        TrainConfig(InputConfig(cache="disk"), training=TrainingConfig(data_service="grpc://localhost:5050"))
    with pytest.raises(ValueError, match="--patches-per-image goes with --plan patches, not with --plan auto"):
        TrainConfig(patches=PatchesConfig(patches_per_image=8))
    with pytest.raises(ValueError, match=r"--plan patches gives each patch one class\. Leave out --task multi_label"):
        TrainConfig(InputConfig(task="multi_label"), network=NetworkConfig(plan="patches"))


def test_a_learning_rate_is_open_or_in_its_range():
    assert TrainingConfig().learning_rate == TrainingConfig(learning_rate=0.0).learning_rate == 0
    for outside in (-1.0, 1e-9, 11.0, float("nan")):
        with pytest.raises(ValueError, match=f"--learning-rate is {outside}; expected 1e-08 to 10"):
            TrainingConfig(learning_rate=outside)


@pytest.mark.parametrize("field", ["patches_per_image", "background_share", "patch_filled", "object_inside"])
def test_patches_have_ranges(field):
    for outside in (0, 10_001):
        with pytest.raises(ValueError, match=f"--{field.replace('_', '-')} is {outside}; expected"):
            PatchesConfig(**{field: outside})
