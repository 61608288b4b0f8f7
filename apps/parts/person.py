"""Who is at the page, as far as the app knows."""

import streamlit as st


def who() -> str:
    """The name or address of who is logged in; else the machine that the page is open on, empty for this one."""
    if st.user.get("is_logged_in"):
        return str(st.user.get("name") or st.user.get("email") or "")
    address = st.context.ip_address
    return "" if not isinstance(address, str) or address in ("127.0.0.1", "::1") else address
