"""One image: its file format, its bytes, and the pixels that a network sees of it."""
