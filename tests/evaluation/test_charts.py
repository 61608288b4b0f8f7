from imgcls.evaluation.charts import learning_curves

ROW = {"loss": 0.5, "val_loss": 0.6, "accuracy": 0.8, "val_accuracy": 0.7}


def test_a_fitted_head_is_epoch_0_of_the_curves_and_has_none_by_itself():
    head, trained = {"epoch": 0, **ROW, "penalty": 0.1}, {"epoch": 1, **ROW, "learning_rate": 0.01}
    assert learning_curves([]) == learning_curves([head]) == ""
    assert ">0</text>" in learning_curves([head, trained])
    assert ">0</text>" not in learning_curves([trained, {**trained, "epoch": 2}])
