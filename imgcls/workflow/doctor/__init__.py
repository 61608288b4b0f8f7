"""Whether this machine is well for training and prediction, and how fast it is."""
