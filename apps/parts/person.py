"""Who is at the page, as far as the app knows."""

from hashlib import sha256

import streamlit as st
from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string

COOKIE = "_streamlit_xsrf"  # of Streamlit: its text changes, the token in it does not


def who() -> str:
    """The name or address of who is logged in; else the machine that the page is open on, empty for this one."""
    if st.user.get("is_logged_in"):
        return str(st.user.get("name") or st.user.get("email") or "")
    address = st.context.ip_address
    return "" if not isinstance(address, str) or address in ("127.0.0.1", "::1") else address


def browser() -> str:
    """A name of the browser that stays through a reload and is not its cookie; empty if it has none."""
    token, _ = decode_xsrf_token_string(st.context.cookies.get(COOKIE, ""))
    return sha256(token).hexdigest()[:16] if token else ""
