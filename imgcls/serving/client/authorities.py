"""The file of the authorities that may have signed a server's certificate."""

import ssl
from pathlib import Path


def check_authorities(file: str | Path) -> None:
    """Check a file before anything is sent: gRPC would only say that it cannot connect.

    Args:
        file: A PEM file.

    Raises:
        ValueError: If there is no such file, or it holds no certificate.
    """
    expected = "expected a PEM file of the authority that signed the server's certificate"
    try:
        ssl.create_default_context(cafile=file)
    except ssl.SSLError as error:
        raise ValueError(f"The file {file} holds no certificate that can be read; {expected}.") from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ValueError(f"The file {file} cannot be read ({why}); {expected}.") from error
