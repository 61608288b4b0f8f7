"""docs/extend/metric.md: a new row is measured on validation and can choose the epoch that is kept."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from imgcls.metrics import METRICS, Predictions, measure_validation
from tests.docs import code_of

ROOT = Path(__file__).parents[2]
PAGE = "extend/metric.md"
USE = """
import sys
from imgcls.config import BalanceConfig, TrainConfig
from imgcls.run_folder import RunFolder

run = RunFolder.create(TrainConfig(balance=BalanceConfig(best_epoch="brier_score"), runs=sys.argv[1]))
for epoch, value in ((1, 0.5), (2, 0.1), (3, 0.3)):
    row = {"epoch": epoch, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}
    run.append_metrics(row | {"val_brier_score": value})
print(run.best_metric.title, run.kept_epoch()["epoch"])
"""


def test_the_page_adds_a_metric_that_validation_and_evaluation_measure(capsys):
    names = list(METRICS)
    try:
        exec(compile(code_of(PAGE), PAGE, "exec"), {})
        assert capsys.readouterr().out == "Brier score 0.170\n"
        measured = measure_validation(Predictions.from_logits(np.array([0]), np.array([[100.0, 0.0]])))
        assert list(measured) == [f"val_{name}" for name in [*names, "brier_score"]]
        assert measured["val_brier_score"] < 1e-6
    finally:
        METRICS.pop("brier_score", None)


def test_the_page_s_metric_can_choose_the_epoch_that_is_kept(tmp_path):
    line = [sys.executable, "-c", code_of(PAGE) + USE, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(line, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "Brier score 2"
