"""The manifest: one table of all images, which every command reads."""
