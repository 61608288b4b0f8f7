import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from imgcls.serving.server.monitoring.exposition import Gauge, Histogram

ENDLESS = [math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("value", ENDLESS)
def test_a_number_without_end_is_written_as_prometheus_reads_it(value):
    gauge = Gauge("drift", "Distance.", ["model"])
    gauge.set(["cats"], value)
    [family] = text_string_to_metric_families("\n".join(gauge.lines()) + "\n")
    assert family.samples[0].value == pytest.approx(value, nan_ok=True)


def test_a_histogram_counts_finite_values_alone():
    histogram = Histogram("confidence", "Probability.", ["model"], [0.5])
    for value in ENDLESS:
        histogram.observe(["dogs"], value)
        histogram.observe(["cats"], value)
    histogram.observe(["cats"], 0.25)
    lines = [line for line in histogram.lines() if not line.startswith("#")]
    assert lines == [
        'confidence_bucket{model="cats",le="0.5"} 1',
        'confidence_bucket{model="cats",le="+Inf"} 1',
        'confidence_sum{model="cats"} 0.25',
        'confidence_count{model="cats"} 1',
    ]
