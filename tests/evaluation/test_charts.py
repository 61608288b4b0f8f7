from dataclasses import replace

from imgcls.evaluation.charts import learning_curves
from imgcls.metrics import METRICS

ROW = {"loss": 0.5, "val_loss": 0.6, "accuracy": 0.8, "val_accuracy": 0.7}


def test_a_fitted_head_is_epoch_0_of_the_curves_and_has_none_by_itself():
    head, trained = {"epoch": 0, **ROW, "penalty": 0.1}, {"epoch": 1, **ROW, "learning_rate": 0.01}
    assert learning_curves([]) == learning_curves([head]) == ""
    assert ">0</text>" in learning_curves([head, trained])
    assert ">0</text>" not in learning_curves([trained, {**trained, "epoch": 2}])


def test_a_metric_that_is_only_measured_on_validation_has_a_curve_where_its_row_says_so(monkeypatch):
    rows = [{"epoch": epoch, **ROW, "val_macro_f1": 0.1 * epoch} for epoch in (1, 2, 3)]
    assert "macro f1" not in learning_curves(rows)
    monkeypatch.setitem(METRICS, "macro_f1", replace(METRICS["macro_f1"], in_curves=True))
    assert "macro f1" in learning_curves(rows)
