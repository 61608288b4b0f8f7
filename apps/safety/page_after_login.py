"""After a login at a provider, the page that asked for it: Streamlit's own way back leads to the first page.

The address of that page waits in a cookie while the browser is at the provider. A login that failed comes back with a
mark, of which `safety.accounts` makes a sentence.
"""

from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.server_util import AUTH_COOKIE_NAME

LOGIN, CALLBACK = "/auth/login", "/oauth2callback"  # Streamlit's
COOKIE = "imgcls_page"
WAITS = 600  # seconds
REFUSED = {"login": "refused"}  # in the address


def middleware() -> list[Middleware]:
    """What the app puts in front of everything; it changes nothing but the way to a provider and back."""
    return [Middleware(PageAfterLogin)]


class PageAfterLogin:
    """ASGI middleware that remembers the page on the way to a provider, and leads back to it.

    Args:
        app: What is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Change the headers of the two answers that lead to the provider and back."""
        changes = {LOGIN: _remember, CALLBACK: _lead_back}
        change = next((made for end, made in changes.items() if scope.get("path", "").endswith(end)), None)
        if scope["type"] != "http" or change is None:
            await self.app(scope, receive, send)
            return

        async def send_changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                change(HTTPConnection(scope), MutableHeaders(raw=message["headers"]))
            await send(message)

        await self.app(scope, receive, send_changed)


def _remember(request: HTTPConnection, headers: MutableHeaders) -> None:
    came_from = urlsplit(request.headers.get("referer", ""))
    asked = [(name, value) for name, value in parse_qsl(came_from.query) if name not in REFUSED]
    page = f"{came_from.path}?{urlencode(asked)}" if asked else came_from.path
    if came_from.netloc == request.headers.get("host") and _is_ours(page):
        _set_cookie(headers, quote(page, safe=""), WAITS)


def _lead_back(request: HTTPConnection, headers: MutableHeaders) -> None:
    page = unquote(request.cookies.get(COOKIE, ""))
    if "location" not in headers:
        return
    if _is_ours(page):
        headers["location"] = page
        _set_cookie(headers, "", 0)
    if "state" in request.query_params and not _is_logged_in(headers):
        joined = "&" if "?" in headers["location"] else "?"
        headers["location"] += joined + urlencode(REFUSED)


def _is_ours(page: str) -> bool:
    """Whether it is a path on this server, and no other server's address."""
    return page.startswith("/") and page[1:2] not in ("/", "\\") and page.isprintable() and page.isascii()


def _is_logged_in(headers: MutableHeaders) -> bool:
    cookies = (value for value in headers.getlist("set-cookie") if value.startswith(f"{AUTH_COOKIE_NAME}="))
    return any("Max-Age=0" not in value for value in cookies)


def _set_cookie(headers: MutableHeaders, value: str, seconds: int) -> None:
    headers.append("set-cookie", f"{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax")
