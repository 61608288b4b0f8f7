"""Several classifiers on the same images."""
