"""One training run: plan, strategy, loop, checkpoints and the run folder."""
