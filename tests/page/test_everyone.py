"""For everyone: both languages, both themes, every size, the keyboard alone, what a screen reader is told, axe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.service import Service
from tests.page.conftest import Open
from tests.page.people import GOAT, LANTERN, SKERRY, STAMP, answered, ask, asked, viewer

WEB = Path(__file__).parents[2] / "app" / "web"
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "wide": (1600, 1000)}


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {[node['html'][:160] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def views(page: Page, service: Service) -> Iterator[str]:
    """Goes through every view, naming each."""
    documents = service.http.get("/v1/collections/default/documents?limit=200").json()["documents"]
    report = next(one["id"] for one in documents if one["name"] == "annual-report-2025.pdf")
    page.locator("#question").wait_for()
    yield "welcome"
    page.get_by_role("button", name="default").click()
    yield "what is searched"
    page.evaluate(f"location.hash = {json.dumps(asked(SKERRY))}")
    turn = answered(page)
    turn.locator(".actions button").last.click()
    page.locator(".why li").first.wait_for()
    yield "answer"
    turn.locator(".marker").first.click()
    page.locator(".page-frame img").wait_for()
    yield "evidence"
    page.evaluate(f"location.hash = {json.dumps(asked(STAMP))}")
    page.locator(".abstained").wait_for()
    yield "abstention"
    page.evaluate("location.hash = '#/documents?in=default'")
    page.get_by_role("link", name="annual-report-2025.pdf").wait_for()
    yield "documents"
    page.evaluate(f"location.hash = '#/document/{report}'")
    page.locator(".facts").wait_for()
    yield "document"
    page.evaluate(f"location.hash = '#/document/{report}/page/5'")
    page.locator(".page-frame img").wait_for()
    yield "page"
    page.evaluate("location.hash = '#/conversations'")
    page.locator(".long li").first.wait_for()
    yield "conversations"
    page.evaluate("document.activeElement?.blur()")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    yield "help"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_view(open_page: Open, service: Service, theme: str) -> None:
    page = open_page(color_scheme=theme, reduced_motion="reduce", phone=theme == "dark")
    faults = {view: found for view in views(page, service) if (found := serious(page))}
    assert faults == {}


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
def test_no_view_is_wider_than_the_screen(open_page: Open, service: Service, size: str, language: str) -> None:
    width, height = SIZES[size]
    page = open_page(viewport={"width": width, "height": height}, locale=language)
    for view in views(page, service):
        wide = page.evaluate(
            """() => [...document.querySelectorAll('html, main, .talk, .viewer, .documents, dialog')]
                .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className || one.tagName)"""
        )
        assert wide == [], view


def test_the_browsers_language_is_spoken_and_can_be_changed(open_page: Open) -> None:
    page = open_page(asked(LANTERN), locale="zh-CN")
    expect(page.get_by_text("每句话都有文档支持。", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_text("Every statement is supported by your documents.", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Documents")).to_be_visible()


def test_dark_and_light_are_the_systems_and_can_be_chosen(open_page: Open) -> None:
    page = open_page(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Colours: as the system").click()
    assert page.evaluate(ground) != dark
    page.reload()
    page.locator("#question").wait_for()
    assert page.evaluate(ground) != dark


def test_nothing_moves_for_those_who_asked_for_stillness(open_page: Open) -> None:
    page = open_page(reduced_motion="reduce")
    moving = (
        "[...document.querySelectorAll('*')].filter((one) => getComputedStyle(one).animationName !== 'none').length"
    )
    page.evaluate("document.querySelector('.welcome').classList.add('dots')")
    assert page.evaluate(moving) == 0


def test_the_streamed_answer_is_announced_sentence_by_sentence(open_page: Open) -> None:
    page = open_page()
    page.evaluate(
        """() => {
            window.told = [];
            const place = document.querySelector('.unseen[aria-live]');
            const seen = { childList: true, characterData: true, subtree: true };
            new MutationObserver(() => told.push(place.textContent)).observe(place, seen);
        }"""
    )
    ask(page, GOAT)
    answered(page)
    told: list[Any] = page.evaluate("told")
    assert "Searching your documents …" in told
    assert any("Her wage is a bucket of barley" in one for one in told)
    assert told[-1].endswith("Every statement is supported by your documents.")


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the focus is on what has this name, as a person without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        now = page.evaluate(
            "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent ?? '').trim()"
        )
        if now.startswith(name):
            return
    raise AssertionError(f"{name} can't be reached by Tab")


def test_ten_tasks_with_the_keyboard_alone(open_page: Open) -> None:
    page = open_page("#/documents?in=default")
    page.get_by_role("link", name="annual-report-2025.pdf").wait_for()
    page.keyboard.press("/")  # 1: go and write a question
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type(SKERRY)
    page.keyboard.press("Enter")  # 2: ask it
    answered(page)
    tab_to(page, "New question")
    page.keyboard.press("Shift+Tab")
    tab_to(page, "New question")
    page.get_by_label("Your question").focus()
    for _ in range(30):  # 3: back to the marker, and open its evidence
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.classList.contains('marker')"):
            break
    page.keyboard.press("Enter")
    expect(viewer(page)).to_be_visible()
    tab_to(page, "Table")  # 4: look at it as a table
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="Cited row: Skerry")).to_be_visible()
    tab_to(page, "Why this?")  # 5: see why
    page.keyboard.press("Enter")
    expect(viewer(page).locator(".why li").first).to_be_visible()
    page.keyboard.press("Escape")  # 6: close it
    expect(viewer(page)).to_be_hidden()
    page.get_by_label("Your question").focus()
    page.keyboard.type("And on Tolle?")  # 7: a follow-up
    page.keyboard.press("Enter")
    answered(page, 2)
    page.evaluate("document.activeElement.blur()")
    with page.expect_file_chooser():  # 8: choose files
        page.keyboard.press("u")
    page.keyboard.press("?")  # 9: help, and away
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    tab_to(page, "Conversations")  # 10: find the conversation again
    page.keyboard.press("Enter")
    tab_to(page, "What share of the items for Skerry")
    page.keyboard.press("Enter")
    answered(page, 2)


def test_a_slow_network_shows_what_is_going_on(open_page: Open) -> None:
    page = open_page()
    session = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 300, "downloadThroughput": 60_000, "uploadThroughput": 30_000}
    session.send("Network.emulateNetworkConditions", slow)
    ask(page, SKERRY)
    expect(page.get_by_text("Searching your documents …").first).to_be_visible()
    answered(page).locator(".marker").first.click()
    expect(viewer(page).get_by_text("Page 2 is being drawn …")).to_be_visible()
    expect(viewer(page).get_by_role("img", name="Page 2")).to_be_visible()
