"""The secret that callers of a server have to name."""

import hmac
import os
from pathlib import Path

TOKEN = "IMGCLS_TOKEN"  # the variable of the environment that holds it
LEAST = 16  # characters; a shorter one is guessed


def read_token(file: Path | None) -> str:
    """Read the token of a file, or of the environment.

    Args:
        file: Its first line is the token; None for the variable IMGCLS_TOKEN.

    Returns:
        The token; "" if there is none.

    Raises:
        ValueError: If the file cannot be read, or the token is too short or has signs that no header takes.
    """
    if file is None:
        token, place = os.environ.get(TOKEN, "").strip(), TOKEN
        if not token:
            return ""
    else:
        token, place = _first_line(file), str(file)
    if len(token) < LEAST or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(
            f"{place} holds no token: expected at least {LEAST} ASCII characters without spaces, such as "
            "`openssl rand -hex 32` writes."
        )
    return token


def names_token(authorization: str, token: str) -> bool:
    """Whether the value of a header "Authorization" names the token. The time it takes does not depend on how nearly.

    Example:
        >>> names_token("Bearer 0123456789abcdef", "0123456789abcdef"), names_token("0123", "0123456789abcdef")
        (True, False)
    """
    scheme, _, named = authorization.partition(" ")
    same = hmac.compare_digest(named.strip().encode("utf-8", "replace"), token.encode())
    return same and scheme.lower() == "bearer"


def _first_line(file: Path) -> str:
    try:
        return file.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--token-file {file} cannot be read: {error}.") from error
