"""Asks a provider of accounts whether it is there, before a browser is sent to it."""

import httpx

PATIENCE = 5.0  # seconds


def check_provider(address: str) -> None:
    """Raise ValueError if nobody could log in now: Streamlit would leave the browser on a page without a way back.

    Args:
        address: At which the provider describes itself, the setting server_metadata_url.
    """
    try:
        described = httpx.get(address, timeout=PATIENCE).raise_for_status().json()
    except httpx.HTTPStatusError as error:
        raise _refused(address, f"answers with status {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _refused(address, f"does not answer ({str(error) or type(error).__name__})") from error
    except ValueError as error:
        raise _refused(address, "gives no JSON") from error
    if not isinstance(described, dict) or "authorization_endpoint" not in described:
        raise _refused(address, "does not say where to log in")


def _refused(address: str, why: str) -> ValueError:
    return ValueError(
        f"The provider of the accounts cannot log you in now: {address} {why}. Try again later, or ask whoever runs "
        "this app, who finds the address in secrets.toml."
    )
