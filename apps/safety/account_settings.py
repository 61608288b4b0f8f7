"""The section [auth] of .streamlit/secrets.toml, which asks for accounts of a provider."""

from collections.abc import Mapping

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from safety.page_after_login import CALLBACK

NO_SECRETS = "no-secrets-found"  # Streamlit raises the same error for a file that it cannot read, with another name
OF_ALL, OF_EACH = ("redirect_uri", "cookie_secret"), ("client_id", "client_secret", "server_metadata_url")
NO_PROVIDER = "client_kwargs"  # a section below [auth]


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


def providers(settings: Mapping) -> dict[str, Mapping]:
    """By its name the settings of each provider; without a name where there is only one."""
    named = {name: value for name, value in settings.items() if isinstance(value, Mapping) and name != NO_PROVIDER}
    return named or {"": settings}


def check_settings(settings: Mapping) -> None:
    """Raise ValueError where nobody could log in with these settings, as where one is missing."""
    lacks = [f"{name} in [auth]" for name in OF_ALL if not settings.get(name)]
    for provider, own in providers(settings).items():
        section = f"[auth.{provider}]" if provider else "[auth]"
        lacks += [f"{name} in {section}" for name in OF_EACH if not own.get(name)]
        if "_" in provider:
            raise _nobody(f"names a provider {provider}: expected a name without underscores")
    if lacks:
        raise _nobody(f"lacks {', '.join(lacks)}")
    if not str(settings["redirect_uri"]).endswith(CALLBACK):
        raise _nobody(f"has the redirect_uri {settings['redirect_uri']}: expected the app's address with {CALLBACK}")


def _nobody(why: str) -> ValueError:
    return ValueError(
        f"Nobody can log in: secrets.toml {why}. Whoever runs this app corrects the file; then reload this page."
    )


def _closed(why: str) -> ValueError:
    return ValueError(
        "The app is closed to everybody: secrets.toml, which says who may log in, cannot be read. "
        f"{why}. Whoever runs this app corrects the file; then reload this page."
    )
