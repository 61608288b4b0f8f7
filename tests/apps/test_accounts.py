"""Accounts of a provider: nobody sees a project before the login."""

import importlib.util
import re

import pytest
import streamlit as st
from streamlit.config import get_option, set_option
from streamlit.testing.v1 import AppTest

from tests.apps.openid_provider import provider
from tests.apps.served import free_port

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
    page = shown({**SETTINGS, "client_kwargs": {"prompt": "login"}, "google": SETTINGS, "our-house": SETTINGS})
    assert [button.label for button in page.button] == ["Log in with Google", "Log in with Our house"]


def test_without_the_package_the_page_stays_closed_and_says_why(project, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "authlib" else found(name))
    page = shown(SETTINGS)
    assert "pip install 'streamlit[auth]'" in page.error[0].value
    assert not page.button
    assert not page.sidebar


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "lacks redirect_uri in [auth], cookie_secret in [auth], client_id in [auth], client_secret in [auth]"),
        ({**SETTINGS, "client_secret": ""}, "lacks client_secret in [auth]."),
        ({**SETTINGS, "google": {"client_id": "id"}},
         "lacks client_secret in [auth.google], server_metadata_url in [auth.google]."),
        ({**SETTINGS, "our_house": SETTINGS}, "names a provider our_house: expected a name without underscores"),
        ({**SETTINGS, "redirect_uri": "https://images.example"}, "expected the app's address with /oauth2callback"),
    ],
)  # fmt: skip
def test_settings_with_which_nobody_could_log_in_are_said_in_place_of_the_button(project, settings, said):
    page = shown(settings)
    assert said in re.sub(r"\\([\W_])", r"\1", page.error[0].value)
    assert not page.button
    assert not page.sidebar


def test_a_provider_that_does_not_answer_is_said_and_can_be_asked_again(project):
    page = shown({**SETTINGS, "server_metadata_url": f"http://127.0.0.1:{free_port()}/openid"})
    page.button[0].click().run()
    assert "cannot log you in now" in page.error[0].value
    assert [button.label for button in page.button] == ["Log in"]
    assert not page.exception
    assert not page.sidebar


def test_a_provider_is_asked_for_what_it_says_of_itself():
    from safety.provider import check_provider

    with provider() as there:
        check_provider(f"{there.address}/.well-known/openid-configuration")
        for path, said in (("nowhere", "answers with status 404"), ("keys", "does not say where to log in")):
            with pytest.raises(ValueError, match=said):
                check_provider(f"{there.address}/{path}")
    with pytest.raises(ValueError, match="does not answer"):
        check_provider("accounts.example")


@pytest.fixture
def secrets(here):
    """The file that says who may log in, as this process looks for it."""
    before = get_option("secrets.files")
    set_option("secrets.files", [str(here / "secrets.toml")])
    yield here / "secrets.toml"
    set_option("secrets.files", before)
    st.secrets._reset()  # it keeps what it has read


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(
            b'[auth]\nclient_id = "x\n', "secrets.toml: Illegal character '\\n' (at line 2, column 15)", id="quote"
        ),
        pytest.param(b'[auth\nclient_id = "x"\n', "(at line 1, column 6)", id="bracket"),
        pytest.param(b'[auth]\nclient_id = "\xff"\n', "not text in UTF-8", id="Latin-1"),
        pytest.param(b'auth = "hidden"\n', "no section of that name", id="no section"),
        pytest.param(None, "secrets.toml: Is a directory", id="directory"),
    ],
)
def test_secrets_that_cannot_be_read_close_the_app(project, secrets, page, content, said):
    secrets.write_bytes(content) if content else secrets.mkdir()
    view = page("home", project="clothes")
    assert "closed to everybody" in view.errors
    assert said in view.errors
    assert "hidden" not in view.errors
    assert not view.widgets.button
    assert not view.widgets.sidebar
    assert "30 images" not in str(view.widgets.main)


def test_the_app_opens_once_its_secrets_can_be_read(project, secrets, page):
    secrets.write_text("[auth\n")
    view = page("home")
    assert "closed to everybody" in view.errors
    secrets.write_text("")
    assert "30 images" in view.look().text
