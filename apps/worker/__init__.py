"""One process beside the app that holds TensorFlow and models, so that the app's own stays small and quick."""
