"""Whether today's images are those that a classifier was made for."""
