"""The inspection: every file of a manifest is opened once, and its facts are written down."""
