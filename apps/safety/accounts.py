"""Accounts of a provider (OpenID Connect), as Streamlit has them: the section [auth] of .streamlit/secrets.toml."""

import importlib.util
from collections.abc import Mapping

import streamlit as st

from safety import password
from safety.account_settings import account_settings
from safety.page_after_login import REFUSED

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
        ValueError: Nobody knows whether accounts are asked for; or a password is, and nothing asks for it.
    """
    password.check_asked()
    settings = account_settings()
    if settings is None or st.user.get("is_logged_in"):
        return
    if importlib.util.find_spec("authlib") is None:
        st.error(NEEDED)
        st.stop()
    st.title("Image classification", anchor=False)
    st.write("Log in to see the projects.")
    if REFUSED.items() <= st.query_params.to_dict().items():
        st.warning(NOT_LOGGED_IN)
    for name, title in providers(settings).items():
        st.button(f"Log in{title}", type="primary", on_click=st.login, args=(name,) if name else ())
    st.stop()


def show_logout() -> None:
    """Who is logged in, and the way out; nothing where nobody has to log in."""
    if st.user.get("is_logged_in"):
        who = st.user.get("name") or st.user.get("email") or "a user without a name"
        st.text(f"Logged in as {who}")  # without Markdown, whose marks a name may hold
        st.button("Log out", icon=":material/logout:", on_click=st.logout)
    elif password.the_password():
        st.html(f'<a href="{password.LOGOUT}" target="_self">Log out</a>')


def providers(settings: Mapping) -> dict[str, str]:
    """By name what the button says of each; one without a name where there is only one."""
    named = [name for name, value in settings.items() if isinstance(value, Mapping)]
    return {name: f" with {name.replace('_', ' ').capitalize()}" for name in named} or {"": ""}
