"""Measurements for tests."""

from dataclasses import replace

from imgcls.workflow.benchmark.measurement import Measurement

PLAIN = Measurement(
    run="2026-11-26 20:00:00.000000",
    date="2026-11-26 20:01:00",
    machine="a processor, 2 cores",
    imgcls="0.6.0",
    tensorflow="2.21.0",
    keras="3.15.1",
    engine="openvino",
    engine_version="2026.4.1",
    data="photos",
    fingerprint="0123456789ab",
    images=425,
    classes=10,
    model="efficientnet_lite0",
    weights="imagenet",
    how="a linear classifier",
    image_size=224,
    parameters=4.65e6,
    macs=385e6,
    accuracy=0.91,
    accuracy_low=0.88,
    accuracy_high=0.935,
    judged_images=425,
    train_seconds=6.0,
    reached="[[6.0, 0.91]]",
    latency_ms=9.0,
    latency_p95_ms=11.0,
    latency_low_ms=8.8,
    latency_high_ms=9.6,
    network_ms=5.5,
    network_alone_ms=5.0,
    rounds=5,
    calls=200,
    images_per_second=180.0,
    best_batch=8,
    peak_memory_mb=700.0,
    memory_base_mb=500.0,
    size_mb=14.0,
    published_top1=75.1,
    published_parameters=4.65e6,
    published_on="ImageNet; the authors' repository",
)


def measured(model: str, milliseconds: float, accuracy: float, **others: object) -> Measurement:
    """A row of a network with an interval of 3 points to either side."""
    figures = {
        "latency_ms": milliseconds,
        "latency_p95_ms": 1.2 * milliseconds,
        "latency_low_ms": 0.9 * milliseconds,
        "latency_high_ms": 1.1 * milliseconds,
        "accuracy": accuracy,
        "accuracy_low": accuracy - 0.03,
        "accuracy_high": accuracy + 0.03,
        "reached": f"[[6.0, {accuracy}]]",
    }
    return replace(PLAIN, model=model, **{**figures, **others})
