"""A service that wants a key: it is typed once and becomes a session, which is listed, ended and asked for again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.service import Service
from tests.page.conftest import Open
from tests.page.people import SKERRY, answered, ask, open_citation


@pytest.fixture(scope="module")
def keyed(started: Callable[..., Service]) -> Service:
    return started(EXHIBIT_API_KEYS="right-key", EXHIBIT_LLM__URL="")


def key_dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="The service's key")


def give(page: Page, key: str) -> None:
    key_dialog(page).get_by_role("textbox").fill(key)
    key_dialog(page).get_by_role("button", name="Go on").click()


def signed_in(page: Page) -> Locator:
    page.get_by_role("button", name="Help").click()
    return page.get_by_role("list", name="Signed in with this key").get_by_role("listitem")


def test_a_key_is_typed_once_and_kept_nowhere(open_page: Open, keyed: Service) -> None:
    page = open_page(of=keyed)
    give(page, "wrong-key")
    expect(key_dialog(page).get_by_role("alert")).to_contain_text("did not take this key")
    expect(key_dialog(page).get_by_role("textbox")).to_have_value("wrong-key")
    other = page.context.new_page()
    other.goto(page.url)
    expect(key_dialog(other)).to_be_visible()
    give(page, "right-key")
    expect(key_dialog(page)).to_be_hidden()
    expect(key_dialog(other)).to_be_hidden()
    named: list[str] = []
    page.on("request", lambda request: named.append(request.url) if "authorization" in request.all_headers() else None)
    ask(page, SKERRY)
    expect(answered(page)).to_contain_text("84.6 %")
    expect(open_citation(page, 2).get_by_role("img", name="Page 2")).to_be_visible()
    page.reload()
    expect(page.locator("article")).to_contain_text("84.6 %")
    expect(key_dialog(page)).to_be_hidden()
    assert named == []
    assert "right-key" not in page.evaluate("JSON.stringify([sessionStorage, localStorage, document.cookie])")


def test_a_session_that_was_ended_elsewhere_asks_for_the_key_and_goes_on(open_page: Open, keyed: Service) -> None:
    page, other = open_page(of=keyed), open_page(of=keyed)
    give(page, "right-key")
    give(other, "right-key")
    expect(key_dialog(other)).to_be_hidden()
    rows = signed_in(other)
    expect(rows.filter(has_text="this browser")).to_have_count(1)
    for _ in range(rows.count() - 1):
        left = rows.count() - 1
        rows.filter(has_text="last used").first.get_by_role("button").click()
        expect(rows).to_have_count(left)
    ask(page, SKERRY)
    give(page, "right-key")
    expect(answered(page)).to_contain_text("84.6 %")


def test_signing_out_takes_what_was_asked_from_the_screen(open_page: Open, keyed: Service) -> None:
    page = open_page(of=keyed)
    give(page, "right-key")
    expect(key_dialog(page)).to_be_hidden()
    page.get_by_label("Your question").press_sequentially("half a question")
    assert "half a question" in page.evaluate("JSON.stringify(sessionStorage)")
    with page.expect_event("load"):
        signed_in(page).get_by_role("button", name="Sign out").click()
    expect(key_dialog(page)).to_be_visible()
    expect(page.get_by_label("Your question")).to_have_value("")
    assert page.context.cookies() == []


def test_too_many_wrong_keys_have_to_wait(open_page: Open, keyed: Service) -> None:
    page = open_page(of=keyed)
    wait = {"status": 429, "headers": {"retry-after": "7"}, "json": {"detail": "Too many."}}
    page.route("**/v1/session", lambda route: route.fulfill(**wait))
    give(page, "wrong-key")
    expect(key_dialog(page).get_by_role("alert")).to_contain_text("Try again in 7 seconds.")


def test_where_no_key_is_needed_nothing_is_signed_in(open_page: Open) -> None:
    page = open_page()
    with page.expect_response("**/v1/sessions"):
        rows = signed_in(page)
    expect(rows).to_have_count(0)
