"""The road as functions that commands, app and Python call: create a run, train, evaluate, predict, export."""
