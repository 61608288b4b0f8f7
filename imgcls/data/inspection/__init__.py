"""One look at every file of a manifest, and what it finds."""
