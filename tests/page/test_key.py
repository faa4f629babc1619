"""A service that wants a key: it is typed once; a wrong or revoked one is asked for again, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.service import Service
from tests.page.conftest import Open
from tests.page.people import SKERRY, answered, ask, open_citation


def test_a_key_is_typed_once_and_asked_for_again_when_it_is_revoked(
    open_page: Open, started: Callable[..., Service]
) -> None:
    keyed = started(EXHIBIT_API_KEYS="right-key", EXHIBIT_LLM__URL="")
    page = open_page(of=keyed)
    dialog = page.get_by_role("dialog", name="The service's key")
    dialog.get_by_role("textbox").fill("wrong-key")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_role("alert")).to_contain_text("did not take the former key")
    dialog.get_by_role("textbox").fill("right-key")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_be_hidden()
    page.route("**/v1/chat", lambda route: route.fulfill(status=401, json={"detail": "Send a key."}), times=1)
    ask(page, SKERRY)
    expect(dialog).to_be_visible()
    dialog.get_by_role("textbox").fill("right-key")
    dialog.get_by_role("button", name="Go on").click()
    expect(answered(page)).to_contain_text("84.6 %")
    expect(open_citation(page, 2).get_by_role("img", name="Page 2")).to_be_visible()
    page.reload()
    expect(page.locator("article")).to_contain_text("84.6 %")
    expect(dialog).to_be_hidden()
