"""The section [auth] of .streamlit/secrets.toml, which asks for accounts of a provider."""

from collections.abc import Mapping

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

NO_SECRETS = "no-secrets-found"  # Streamlit raises the same error for a file that it cannot read, with another name


def account_settings() -> Mapping | None:
    """What the section says; None where there is none, so that no accounts are asked for.

    Raises:
        ValueError: The secrets cannot be read, so nobody knows whether accounts are asked for; or auth is no section.
    """
    try:
        found = st.secrets.get("auth")
    except StreamlitSecretNotFoundError as error:
        if error.error_id == NO_SECRETS:
            return None
        raise _closed(str(error)) from error
    except OSError as error:
        raise _closed(f"Error reading {error.filename}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _closed("secrets.toml is not text in UTF-8") from error
    if found is not None and not isinstance(found, Mapping):
        raise _closed("It has a value auth, and no section of that name: [auth]")
    return found


def _closed(why: str) -> ValueError:
    return ValueError(
        "The app is closed to everybody: secrets.toml, which says who may log in, cannot be read. "
        f"{why}. Whoever runs this app corrects the file; then reload this page."
    )
