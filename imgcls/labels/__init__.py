"""Annotation files of labelling tools to tables of records, one file a format."""
