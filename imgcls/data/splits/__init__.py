"""Training, validation and test splits that share no image, no copy and no group."""
