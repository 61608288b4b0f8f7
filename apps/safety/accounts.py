"""Accounts of a provider (OpenID Connect), as Streamlit has them: the section [auth] of .streamlit/secrets.toml."""

import importlib.util
from itertools import compress

import streamlit as st

from safety import password
from safety.account_settings import account_settings, check_settings, providers
from safety.page_after_login import REFUSED
from safety.provider import check_provider

NEEDED = (
    "secrets.toml asks for accounts, and the package that talks to the provider is missing. Whoever runs this app "
    "installs it with: pip install 'streamlit[auth]'"
)

NOT_LOGGED_IN = (
    "The provider did not log you in. Try again, or ask whoever runs this app: its log says what the provider answered."
)


def ask_for_login() -> None:
    """End the page with the way to log in, unless there are no accounts, or the user is logged in.

    Raises:
        ValueError: Nobody knows whether accounts are asked for, or nobody could log in with their settings, or the
            provider is not there; or a password is asked for, and nothing asks for it.
    """
    password.check_asked()
    settings = account_settings()
    if settings is None or st.user.get("is_logged_in"):
        return
    if importlib.util.find_spec("authlib") is None:
        st.error(NEEDED)
        st.stop()
    check_settings(settings)
    st.title("Image classification", anchor=False)
    st.write("Log in to see the projects.")
    if REFUSED.items() <= st.query_params.to_dict().items():
        st.warning(NOT_LOGGED_IN)
    pressed = [_is_pressed(name) for name in providers(settings)]
    for name, own in compress(providers(settings).items(), pressed):
        check_provider(own["server_metadata_url"])
        st.login(name or None)
    st.stop()


def show_logout() -> None:
    """Who is logged in, and the way out; nothing where nobody has to log in."""
    if st.user.get("is_logged_in"):
        who = st.user.get("name") or st.user.get("email") or "a user without a name"
        st.text(f"Logged in as {who}")  # without Markdown, whose marks a name may hold
        if st.button("Log out", icon=":material/logout:"):
            st.logout()
    elif password.the_password():
        st.html(f'<a href="{password.LOGOUT}" target="_self">Log out</a>')


def _is_pressed(provider: str) -> bool:
    whose = f" with {provider.replace('-', ' ').capitalize()}" if provider else ""  # as whoever runs the app wrote it
    return st.button(f"Log in{whose}", type="primary")
