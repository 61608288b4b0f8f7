"""A command of imgcls as a line to type."""

import shlex


def command_line(name: str, *arguments: object) -> str:
    """A command with its arguments, which a shell takes as they are.

    Args:
        name: Of the command.
        arguments: Flags, paths and names; one that has a space or another sign of the shell is quoted.

    Returns:
        The line.

    Example:
        >>> command_line("audit", "my photos", "--fix", "cleaned.parquet")
        "python -m imgcls.audit 'my photos' --fix cleaned.parquet"
    """
    return shlex.join(["python", "-m", f"imgcls.{name}", *map(str, arguments)])
