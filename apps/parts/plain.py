"""Names and sentences of others inside Markdown."""

MARKS = "\\`*_[]<$~:"


def plain(text: str) -> str:
    """The text so that Markdown shows it as it is."""
    return "".join(f"\\{letter}" if letter in MARKS else letter for letter in text)
