"""Engines: what computes a finished network. TensorFlow does it always, OpenVINO where it is installed."""
