"""A password in front of everything: IMGCLS_PASSWORD=... streamlit run apps/app.py

Without the cookie of a login no request reaches Streamlit, its WebSocket included: a page is answered with a form, and
anything else is refused. The cookie names the time at which it ends, signed with the app's secret and the password, so
that another password ends all logins.
"""

import asyncio
import hmac
import os
import time
from functools import cache
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from images.addresses import sign
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safety.login_page import HEADERS, login_page

PASSWORD = "IMGCLS_PASSWORD"  # environment variable
COOKIE = "imgcls_login"
LOGOUT = "/logout"
VALID = 7 * 24 * 3600  # seconds
DELAY = 1.0  # seconds after a wrong password; the next try from the same machine waits for them too
LINES = 64  # in which tries wait, each machine in one of them
MOST_BYTES = 4096  # of a login
NOT_ALLOWED = 1008  # code with which a WebSocket is closed


@cache
def the_password() -> str:
    """The password; empty if none is asked for. It is taken out of the environment, which jobs would inherit.

    Raises:
        SystemExit: It is set and empty, which nobody can have meant.
    """
    given = os.environ.pop(PASSWORD, None)
    if given is not None and not given.strip():
        raise SystemExit(f"error: {PASSWORD} is set and empty. Give it a password, or unset it to ask for none.")
    return given or ""


def middleware() -> list[Middleware]:
    """What the app puts in front of everything: nothing if no password is set."""
    return [Middleware(Gate, password=the_password())] if the_password() else []


def check_asked() -> None:
    """Raise ValueError if a password is set and no gate asks for it, as where another file was started."""
    if PASSWORD in os.environ:
        raise ValueError(f"{PASSWORD} is set, and nothing asks for it. Start the app with: streamlit run apps/app.py")


class Gate:
    """ASGI middleware that lets nobody in who does not know the password.

    Args:
        app: What is behind it.
        password: That is asked for.
    """

    def __init__(self, app: ASGIApp, password: str) -> None:
        self.app, self.password = app, password
        self._lines = [asyncio.Lock() for _ in range(LINES)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what comes with a login; answer all else."""
        if scope["type"] == "lifespan" or (_knows(scope, self.password) and scope["path"] != LOGOUT):
            await self.app(scope, receive, _without_kept_pages(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": NOT_ALLOWED})
        else:
            await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.url.path == LOGOUT:
            return _logged_out()
        if request.method == "POST" and _is_form(request):
            return await self._login(request)
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(login_page(), 401, HEADERS)
        return PlainTextResponse("A password is needed: open the app in a browser.", 401)

    async def _login(self, request: Request) -> Response:
        given = await _password_of(request)
        async with self._lines[hash(request.client.host if request.client else "") % LINES]:
            if hmac.compare_digest(given.encode(), self.password.encode()):
                return _logged_in(request, self.password)
            await asyncio.sleep(DELAY)
        return HTMLResponse(login_page("This is not the password. Try again."), 401, HEADERS)


def _without_kept_pages(send: Send) -> Send:
    """The browser keeps no page: after the logout its way back asks anew, and finds the login."""

    async def send_changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            if headers.get("content-type", "").startswith("text/html"):
                headers["cache-control"] = "no-store"
        await send(message)

    return send_changed


def _knows(scope: Scope, password: str) -> bool:
    """Whether a request carries the cookie of a login that has not ended."""
    ends, _, key = _cookie(scope).partition(".")
    if not (ends.isascii() and ends.isdigit()) or not hmac.compare_digest(_key(ends, password).encode(), key.encode()):
        return False
    return int(ends) > time.time()


def _key(ends: str, password: str) -> str:
    return sign(f"login until {ends} with {password}")


def _cookie(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                found = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            except CookieError:
                continue
            if found:
                return found.value
    return ""


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


async def _password_of(request: Request) -> str:
    """What the form says; empty if there is more than a password can need."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return ""
    return parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]


def _logged_in(request: Request, password: str) -> Response:
    """The page that was asked for, with the cookie."""
    page = "/" + request.url.path.lstrip("/\\")  # two slashes would lead to another machine
    response = RedirectResponse(page + (f"?{request.url.query}" if request.url.query else ""), 303)
    ends = str(int(time.time()) + VALID)
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE, f"{ends}.{_key(ends, password)}", VALID, secure=secure, httponly=True, samesite="strict"
    )
    return response


def _logged_out() -> Response:
    response = RedirectResponse("/", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response
