"""Images, downloads and uploads are for who is logged in, where accounts of a provider are asked for.

A page asks for the login itself (`safety.accounts`). These addresses are answered without a page: whoever was handed
one, or kept one after logging out, could open it.
"""

import json

from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.config import get_option
from streamlit.web.server.server_util import AUTH_COOKIE_NAME, get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from safety.account_settings import account_settings

GUARDED = ("/picture/", "/file/", "/media/", "/_stcore/upload_file/")  # ours, and Streamlit's for files of a page


def middleware() -> list[Middleware]:
    """What the app puts in front of everything; it lets all pass where no accounts are asked for."""
    return [Middleware(AccountGate)]


class AccountGate:
    """ASGI middleware that refuses files of pages without the cookie of a login.

    Args:
        app: What is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no file of a page, or comes from who is logged in; refuse the rest."""
        is_open = scope["type"] != "http" or not _is_guarded(scope["path"])
        if is_open or _may_pass(HTTPConnection(scope).cookies):
            await self.app(scope, receive, send)
        else:
            await PlainTextResponse("Log in first: open the app in a browser.", 401)(scope, receive, send)


def _is_guarded(path: str) -> bool:
    base = "/" + get_option("server.baseUrlPath").strip("/")
    return path.startswith(GUARDED) or path.removeprefix(base).startswith(GUARDED)


def _may_pass(cookies: dict[str, str]) -> bool:
    try:
        return account_settings() is None or _is_logged_in(cookies)
    except ValueError:  # the page says that nobody is let in
        return False


def _is_logged_in(cookies: dict[str, str]) -> bool:
    """Whether the cookie is one that Streamlit signed when the provider had named the user."""

    def opened(name: str) -> bytes | None:
        return decode_signed_value(get_cookie_secret(), name, cookies.get(name, ""))

    content = get_cookie_with_chunks(opened, AUTH_COOKIE_NAME)
    try:
        return content is not None and json.loads(content).get("is_logged_in") is True
    except (ValueError, AttributeError):
        return False
