"""Accounts of a provider: nobody sees a project before the login."""

import importlib.util

from streamlit.testing.v1 import AppTest

SETTINGS = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "secret",
    "client_id": "id",
    "client_secret": "secret",
    "server_metadata_url": "https://accounts.example/.well-known/openid-configuration",
}


def shown(secrets: dict) -> AppTest:
    from tests.apps.conftest import SHELL

    page = AppTest.from_file(str(SHELL), default_timeout=60)
    page.secrets["auth"] = secrets
    page.query_params["project"] = "clothes"
    return page.run()


def test_nothing_is_shown_before_the_login(project):
    page = shown(SETTINGS)
    assert [button.label for button in page.button] == ["Log in"]
    assert not page.sidebar
    assert "Clothes" not in str(page.main)


def test_each_provider_has_a_button(project):
    page = shown({"redirect_uri": "x", "cookie_secret": "x", "google": SETTINGS, "our_house": SETTINGS})
    assert [button.label for button in page.button] == ["Log in with Google", "Log in with Our house"]


def test_without_the_package_the_page_stays_closed_and_says_why(project, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "authlib" else found(name))
    page = shown(SETTINGS)
    assert "pip install 'streamlit[auth]'" in page.error[0].value
    assert not page.button
    assert not page.sidebar
