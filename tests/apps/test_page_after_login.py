"""A login with the account of a provider, in Chromium: a real provider on this machine, and Streamlit's own client."""

from pathlib import Path

import httpx
import pytest

from tests.apps.openid_provider import ADA, CLIENT, SECRET, Provider, provider
from tests.apps.served import APP, PATIENCE, free_port, running

pytestmark = pytest.mark.browser


@pytest.fixture
def accounts():
    with provider() as found:
        yield found


@pytest.fixture
def address(here, project, accounts):
    port = free_port()
    write_secrets(here, accounts, port)
    with running(APP, port=port) as found:
        yield found


def write_secrets(folder: Path, accounts: Provider, port: int) -> None:
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "secrets.toml").write_text(
        f"""[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "a long random text of this test"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
server_metadata_url = "{accounts.address}/.well-known/openid-configuration"
"""
    )


@pytest.fixture
def page(browser, address):
    opened = browser.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.goto(f"{address}/data?project=clothes&part=Files")
    opened.get_by_text("Log in to see the projects.").wait_for()
    yield opened
    opened.close()


def to_the_provider(page) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("Go on as Ada").wait_for()


def test_the_page_that_was_asked_for_is_shown_after_the_login_until_the_logout(page, address):
    assert not page.get_by_text("Clothes").count()
    to_the_provider(page)
    page.get_by_text("Go on as Ada").click()
    page.get_by_text(f"Logged in as {ADA['name']}").wait_for()
    assert page.url == f"{address}/data?project=clothes&part=Files"
    page.get_by_text("Clothes").first.wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_text("Log in to see the projects.").wait_for()
    assert not page.get_by_text("Logged in as").count()


def test_who_is_not_let_in_is_told_so_and_may_try_again(page, address):
    to_the_provider(page)
    page.get_by_text("Cancel").click()
    page.get_by_text("The provider did not log you in.").wait_for()
    assert page.url.startswith(f"{address}/data?project=clothes&part=Files")
    to_the_provider(page)
    page.get_by_text("Go on as Ada").click()
    page.get_by_text(f"Logged in as {ADA['name']}").wait_for()
    assert page.url == f"{address}/data?project=clothes&part=Files"


@pytest.mark.parametrize(
    "referer", ["https://elsewhere.example/data", "{address}//elsewhere.example", "{address}/\\elsewhere.example", ""]
)
def test_nobody_is_led_to_another_server(address, referer):
    with httpx.Client() as client:
        left = client.get(f"{address}/auth/login", headers={"referer": referer.format(address=address)})
        assert "imgcls_page" not in left.headers.get("set-cookie", "")
        back = client.get(f"{address}/oauth2callback", headers={"cookie": "imgcls_page=%2F%2Felsewhere.example"})
    assert "elsewhere" not in back.headers["location"]
