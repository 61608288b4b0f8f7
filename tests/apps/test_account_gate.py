"""Where accounts are asked for, files of a page are closed to who is not logged in, by real requests to the app."""

import json
from pathlib import Path

import httpx
import pytest
from images.addresses import file_address, picture_address
from streamlit.web.server.server_util import AUTH_COOKIE_NAME
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from tests.apps.served import running

SECRET = "a long random text"
USER = {"origin": "http://localhost:8501", "is_logged_in": True, "name": "Anna"}  # as Streamlit keeps it


@pytest.fixture
def app(project):
    """The app with accounts; nobody is asked whether the provider is there before a login."""
    Path(".streamlit").mkdir()
    Path(".streamlit", "secrets.toml").write_text(f'[auth]\ncookie_secret = "{SECRET}"\nclient_id = "id"\n')
    with running() as address:
        yield address


def logged_in(secret: str = SECRET, user: dict = USER) -> dict[str, str]:
    """The cookie of a login."""
    return {AUTH_COOKIE_NAME: create_signed_value(secret, AUTH_COOKIE_NAME, json.dumps(user)).decode()}


def test_files_of_a_page_need_the_login(app, project):
    photo = file_address(next(Path("clothes/bag").glob("*.png")).absolute())
    addresses = [picture_address(project, 1, 3), photo, "/media/0123.csv", "/_stcore/upload_file/a/b"]
    with httpx.Client(base_url=app) as anybody:
        assert [anybody.get(address).status_code for address in addresses] == [401] * 4
        assert anybody.put(addresses[3], files={"file": b"x"}).status_code == 401
        assert anybody.get("/").status_code == 200  # the page itself asks for the login
    with httpx.Client(base_url=app, cookies=logged_in()) as anna:
        assert [anna.get(address).status_code for address in addresses[:2]] == [200, 200]
        assert anna.get(addresses[2]).status_code == 404  # which Streamlit says of a file that there is not
    for cookie in (logged_in("another secret"), logged_in(user={**USER, "is_logged_in": False})):
        with httpx.Client(base_url=app, cookies=cookie) as stranger:
            assert [stranger.get(address).status_code for address in addresses] == [401] * 4


def test_files_are_refused_to_all_where_nobody_knows_who_may_log_in(project):
    photo = file_address(next(Path("clothes/bag").glob("*.png")).absolute())
    Path(".streamlit").mkdir()
    Path(".streamlit", "secrets.toml").write_text(f'[auth]\ncookie_secret = "{SECRET}\n')  # without its last quote
    with running() as address, httpx.Client(base_url=address, cookies=logged_in()) as anna:
        for path in (picture_address(project, 1, 3), photo, "/media/0123.csv", "/_stcore/upload_file/a/b"):
            assert anna.get(path).status_code == 401
        assert anna.put("/_stcore/upload_file/a/b", files={"file": b"x"}).status_code == 401
