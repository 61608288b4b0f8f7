"""docs/extend/metric.md: a new row is measured on validation and can choose the epoch that is kept."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from imgcls.metrics import METRICS, Predictions, measure_validation, metrics_of
from tests.docs import code_of

ROOT = Path(__file__).parents[2]
PAGE = "extend/metric.md"
USE = """
import sys
from imgcls.config import BalanceConfig, TrainConfig
from imgcls.run_folder import RunFolder

run = RunFolder.create(TrainConfig(balance=BalanceConfig(best_epoch="mean_rank"), runs=sys.argv[1]))
for epoch, value in ((1, 1.5), (2, 1.1), (3, 1.3)):
    row = {"epoch": epoch, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}
    run.append_metrics(row | {"val_mean_rank": value})
print(run.best_metric.title, run.kept_epoch()["epoch"])
"""


def test_the_page_adds_a_metric_that_validation_and_evaluation_measure(capsys):
    names = [metric.name for metric in metrics_of("single_label")]
    try:
        exec(compile(code_of(PAGE), PAGE, "exec"), {})
        assert capsys.readouterr().out == "mean rank 1.500\n"
        measured = measure_validation(Predictions.from_logits(np.array([0]), np.array([[100.0, 0.0]])))
        assert list(measured) == [f"val_{name}" for name in [*names, "mean_rank"]]
        assert measured["val_mean_rank"] == 1
    finally:
        METRICS.pop("mean_rank", None)


def test_the_page_s_metric_can_choose_the_epoch_that_is_kept(tmp_path):
    line = [sys.executable, "-c", code_of(PAGE) + USE, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(line, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "mean rank 2"
