"""Copies of one image: exact, near, turned, mirrored or cropped."""
