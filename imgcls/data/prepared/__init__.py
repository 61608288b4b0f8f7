"""Prepared data sets: resized images in a few large files (shards)."""
