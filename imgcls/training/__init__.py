"""One training run: stages, strategy, trainer and checkpoints."""
