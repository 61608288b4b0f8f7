"""Engines: what computes a finished network. TensorFlow does it always, OpenVINO where it is installed."""

import sys

# OpenVINO and NNCF report to their maker how they are used, unless somebody opted out. Nothing of a user's work leaves
# this machine, so the package that reports looks as if it were not installed; both go on without it.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # Python's sign for "not there"
