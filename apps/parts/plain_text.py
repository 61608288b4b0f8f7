"""Text of users and files, as it is, where the page would read Markdown."""


def plain(text: str) -> str:
    r"""Text in which Markdown finds nothing to format.

    Example:
        >>> plain("*new*")
        '\\*new\\*'
    """
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]<>()#+-!|~$:" else sign for sign in text)
