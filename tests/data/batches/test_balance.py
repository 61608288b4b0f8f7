import logging

import numpy as np
import pytest

from imgcls.config import BalanceConfig
from imgcls.data.batches.balance import Balance, positive_weights, resolve_balance, resolve_multi_label_balance

COUNTS = np.array([1000, 100, 10])


def balance(mode: str, **numbers: float) -> Balance:
    return Balance.from_config(BalanceConfig(balance=mode, **numbers), COUNTS)


def test_weights_give_each_class_the_same_part_of_the_loss():
    weights = balance("weights").class_weights
    assert np.ptp(weights * COUNTS) < 1e-9
    assert (weights * COUNTS).sum() == pytest.approx(COUNTS.sum())


def test_the_effective_number_lies_between_doing_nothing_and_inverse_frequency():
    full, some = balance("weights").class_weights, balance("effective_number").class_weights
    assert 1 < some[2] / some[0] < full[2] / full[0]
    towards_one = balance("effective_number", effective_number_beta=0.999999).class_weights
    assert np.allclose(towards_one, full, rtol=1e-2)
    assert np.allclose(balance("effective_number", effective_number_beta=0.0).class_weights, 1)
    expected = (1 - 0.999) / (1 - 0.999 ** COUNTS.astype(float))  # Cui et al., 2019, equation 2
    assert np.allclose(some / some[0], expected / expected[0])


def test_logit_adjustment_is_the_log_of_the_shares():
    offsets = balance("logits", logit_adjustment=2.0).logit_offsets
    assert np.allclose(offsets, 2 * np.log(COUNTS / COUNTS.sum()))
    assert balance("weights").logit_offsets is None


def test_rare_classes_get_the_stronger_augmentation():
    assert balance("augment").strong_classes.tolist() == [False, True, True]
    assert balance("sample").strong_classes is None


def test_auto_logs_in_a_line_what_it_chose_and_why(caplog):
    caplog.set_level(logging.INFO, "imgcls")
    config = resolve_balance(BalanceConfig(), [100, 90, 60])
    assert (config.balance, config.best_epoch) == ("none", "accuracy")
    (said,) = caplog.messages
    assert "1.7 times" in said
    config = resolve_balance(BalanceConfig(), [99, 33])
    assert config.balance != "auto"
    assert config.balance != "none"
    assert config.best_epoch == "balanced_accuracy"
    assert "3.0 times" in caplog.messages[1]


def test_what_the_user_chose_stays():
    chosen = BalanceConfig(balance="none", best_epoch="accuracy")
    assert resolve_balance(chosen, [100, 1]) == chosen


def test_several_labels_are_balanced_by_the_weights_of_positives_or_not_at_all(caplog):
    caplog.set_level(logging.INFO)
    settled = resolve_multi_label_balance(BalanceConfig())
    assert (settled.balance, settled.best_epoch) == ("none", "macro_average_precision")
    assert "each class is learned by itself" in caplog.text
    with pytest.raises(ValueError, match="--balance sample needs one class an image"):
        resolve_multi_label_balance(BalanceConfig(balance="sample"))
    with pytest.raises(ValueError, match="balanced_accuracy"):
        resolve_multi_label_balance(BalanceConfig(best_epoch="balanced_accuracy"))
    targets = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]])
    assert positive_weights(targets).tolist() == [3, 1, 1]
