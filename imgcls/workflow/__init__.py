"""The road as functions: prepare a run, train it, evaluate it, predict and export. Commands, app and Python call these."""
