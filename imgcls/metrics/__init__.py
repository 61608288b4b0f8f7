"""The metrics of a classifier: one table, which everything that measures or chooses reads."""

from imgcls.metrics.functions import cross_entropies, macro_average_precision, right
from imgcls.metrics.predictions import LEAST_PROBABILITY, Predictions, Task
from imgcls.metrics.table import METRICS, Metric, measure, measure_validation, metric_for, metrics_of

__all__ = [
    "LEAST_PROBABILITY",
    "METRICS",
    "Metric",
    "Predictions",
    "Task",
    "cross_entropies",
    "macro_average_precision",
    "measure",
    "measure_validation",
    "metric_for",
    "metrics_of",
    "right",
]
