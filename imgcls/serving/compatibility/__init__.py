"""Whether the server that a bundle is meant for can load it.

A SavedModel says which operations it needs. For each TensorFlow that a server may carry, this folder holds the table of
the operations which that TensorFlow has, `tensorflow-<version>.xz`; `make_table.py` writes one.
"""
