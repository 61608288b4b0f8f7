"""A data set as a few large files of small images (shards)."""
