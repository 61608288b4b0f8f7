"""The page of a server, as somebody uses it in Chromium."""

import pytest
from playwright.sync_api import expect

from imgcls.serving.server.rest.http_options import HttpOptions
from tests.serving.conftest import serving

pytestmark = pytest.mark.browser
TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def guarded(served_bundle):
    with serving(served_bundle, options=HttpOptions(token=TOKEN)) as address:
        yield address


@pytest.fixture
def opened(browser):
    """Opens the page of a server; at the end it had no error."""
    wrong, page = [], browser.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: wrong.append(str(error)))

    def open_page(address):
        page.goto(address)
        return page

    yield open_page
    page.close()
    assert not wrong


def test_without_a_token_a_picture_is_classified_at_once(opened, served_bundle, images):
    with serving(served_bundle) as address:
        page = opened(address)
        expect(page.locator("#model")).to_have_value("clothing")
        page.locator("#files").set_input_files(images[0])
        expect(page.locator(".row")).to_contain_text(f"{images[0].name} · clothing, version 1")
        expect(page.get_by_label("Token")).to_be_hidden()
        expect(page.locator("#said")).to_be_empty()


def test_the_page_asks_for_the_token_and_keeps_the_pictures_until_it_is_right(opened, guarded, images):
    page = opened(guarded)
    said, token = page.locator("#said"), page.get_by_label("Token")
    expect(said).to_have_text("This server asks for a token. Type it above and press Enter.")
    expect(token).to_be_focused()
    expect(page.get_by_label("Model")).to_be_hidden()
    expect(page.locator("#curl")).to_contain_text("$IMGCLS_TOKEN")
    page.locator("#files").set_input_files(images[0])
    expect(said).to_contain_text("your picture is classified then")
    page.locator("#files").set_input_files(images[1])
    expect(said).to_contain_text("your pictures are classified then")
    token.fill("wrong")
    token.press("Enter")
    expect(said).to_have_text(
        "That is not the token of this server. Correct it above and press Enter; your pictures are classified then."
    )
    expect(page.locator(".row")).to_have_count(0)
    token.fill(TOKEN)
    token.press("Enter")
    expect(page.locator(".row")).to_have_count(2)
    expect(page.get_by_label("Model")).to_have_value("clothing")
    expect(said).to_be_empty()


def test_a_token_that_is_no_longer_right_loses_no_picture(opened, guarded, images):
    page = opened(guarded)
    token = page.get_by_label("Token")
    token.fill(TOKEN)
    token.press("Enter")
    expect(page.get_by_label("Model")).to_have_value("clothing")
    token.evaluate("field => field.value = 'old'")  # as if the server had got another one meanwhile
    page.locator("#files").set_input_files(images[0])
    expect(page.get_by_role("alert")).to_contain_text("your picture is classified then")
    token.fill(TOKEN)
    token.press("Enter")
    expect(page.locator(".row")).to_have_count(1)
