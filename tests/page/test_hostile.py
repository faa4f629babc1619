"""Hostile documents and models: nothing of theirs runs, and no request leaves the page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.contract.openai_server import OpenAIServer, said
from tests.e2e.service import Service
from tests.page.conftest import Open
from tests.page.people import answered, ask, open_citation, viewer

RUNS = "window.pwned=1"
TAGS = (
    f"<script>{RUNS}</script><img src=x onerror={RUNS}><svg onload={RUNS}><a href='javascript:{RUNS}'>here</a>"
    f"<iframe srcdoc='<script>parent.{RUNS}</script>'></iframe><img src='http://127.0.0.1:9/leak.png'>"
)
MARKDOWN = (
    f"# Kraken {TAGS}\n\nThe kraken of Tolle eats nineteen herrings a day. {TAGS}\n\n"
    f"![beacon](http://127.0.0.1:9/beacon.png) [press](javascript:{RUNS})\n\n| a | b |\n| --- | --- |\n| {TAGS} | 1 |\n"
)
SVG = (
    f"<svg xmlns='http://www.w3.org/2000/svg' width='200' height='100' onload='{RUNS}'><script>{RUNS}</script>"
    "<image href='http://127.0.0.1:9/leak.png' width='9' height='9'/><text x='9' y='50'>kraken herring svg</text></svg>"
)


@pytest.fixture(scope="module")
def kraken(writing: Service) -> list[dict[str, Any]]:
    """Documents with script in their text, names, metadata, as SVG and as Markdown."""
    assert writing.http.post("/v1/collections", json={"name": "kraken"}).status_code == 201
    files = [
        ("file", (f"k<img src=x onerror={RUNS}>.md", MARKDOWN.encode())),
        ("file", ("kraken.svg", SVG.encode())),
        ("file", (f"'\"><script>{RUNS}<.txt", f"The kraken sleeps in March. {TAGS}".encode())),
    ]
    metadata = {f"<script>{RUNS}</script>": TAGS, "constructor": {"dangerouslySetInnerHTML": {"__html": TAGS}}}
    reply = writing.http.post("/v1/collections/kraken/documents", files=files, data={"metadata": json.dumps(metadata)})
    assert reply.status_code == 202, reply.text
    return writing.finished(*reply.json()["documents"])


def check(page: Page) -> None:
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert page.evaluate("document.querySelectorAll('iframe, script:not([src]), [onerror], [onload]').length") == 0


def test_nothing_in_documents_names_or_metadata_runs(
    open_page: Open, writing: Service, model: OpenAIServer, kraken: list[dict[str, Any]]
) -> None:
    model.script = said(f"It eats nineteen herrings a day [1]. {TAGS} [2] `{TAGS}` **{TAGS}** [x](javascript:{RUNS})")
    page = open_page("#/documents?in=kraken", of=writing)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    expect(page.get_by_role("listitem").first).to_be_visible()
    check(page)
    for document in kraken:
        page.evaluate(f"location.hash = '#/document/{document['id']}'")
        expect(page.locator(".facts")).to_contain_text("dangerouslySetInnerHTML")
        check(page)
    page.evaluate("location.hash = '#/ask?in=kraken&q=How many herrings does the kraken eat%3F'")
    turn = answered(page)
    check(page)
    turn.locator(".marker").first.wait_for()
    open_citation(page, 1)
    for kind in viewer(page).locator(".segments button").all():
        kind.click()
        check(page)
    ask(page, f"and {TAGS}?")
    answered(page, 2)
    check(page)
    assert dialogs == []


def test_an_original_that_could_run_is_never_opened_in_the_browser(
    open_page: Open, writing: Service, kraken: list[dict[str, Any]]
) -> None:
    svg = next(one for one in kraken if one["name"] == "kraken.svg")
    page = open_page(f"#/document/{svg['id']}", of=writing)
    with page.expect_download() as download:
        page.get_by_role("button", name="Open the original").click()
    assert download.value.suggested_filename == "kraken.svg"
    assert len(page.context.pages) == 1


def test_an_address_is_never_markup(open_page: Open) -> None:
    page = open_page(f"#/evidence/{TAGS}?quote={TAGS}")
    expect(page.get_by_role("alert")).to_be_visible()
    page.evaluate(f"location.hash = {json.dumps('#/documents?in=' + TAGS)}")
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)
