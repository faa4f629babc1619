"""The evidence: pages with all their places, tables, figures, texts; addresses that open the same."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.e2e.service import Service
from tests.page.conftest import Open
from tests.page.people import GOAT, SKERRY, STAMP, answered, asked, open_citation, viewer

Json = dict[str, Any]


def found(service: Service, query: str, **more: Any) -> Json:
    return service.search(query, **more)[0]


def changed(page: Page, path: str, **news: Any) -> None:
    """What the service says at this path, with something changed."""

    def fulfil(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, body=json.dumps(reply.json() | news))

    page.route(f"**{path}", fulfil)


def test_a_table_lights_the_row_that_is_cited(open_page: Open) -> None:
    page = open_page(asked("How many crowns does a carrier get for Sunday duty?"))
    answered(page)
    shown = open_citation(page, 1)
    expect(shown.get_by_role("row", name="Cited row: Sunday duty 260")).to_be_visible()
    assert shown.locator("tr.lit").count() == 1


def test_a_figure_is_shown_as_its_crop(open_page: Open) -> None:
    page = open_page(asked("What does the dashed arrow in the diagram of a parcel's way stand for?"))
    answered(page)
    shown = open_citation(page, 1)
    shown.get_by_role("button", name="Figure").click()
    expect(shown.get_by_role("img", name="Figure 3: The way of a parcel")).to_be_visible()


def test_a_text_is_shown_whole_with_the_quote_lit(open_page: Open) -> None:
    page = open_page(asked("What does the dog at Kelp Cottage accept?"))
    answered(page)
    shown = open_citation(page, 1)
    expect(shown.locator("mark").last).to_contain_text("oat biscuits")
    expect(shown.locator("mark").last).to_be_in_viewport()
    expect(shown.locator(".prose")).to_contain_text("blue flowerpot")


def test_a_citation_over_two_pages_has_its_places_on_both(open_page: Open, service: Service) -> None:
    evidence = found(service, GOAT)
    page = open_page()
    box = [0.1, 0.2, 0.6, 0.25]
    regions = [{"page": 6, "box": box}, {"page": 7, "box": box}, {"page": 7, "box": [0.1, 0.255, 0.5, 0.3]}]
    changed(page, f"/v1/evidence/{evidence['id']}", regions=regions)
    page.evaluate(f"location.hash = '#/evidence/{evidence['id']}'")
    frames = viewer(page).locator(".page-frame")
    expect(frames.nth(1).locator(".block")).to_have_count(1)
    assert frames.count() == 2
    expect(frames.nth(0).locator(".block")).to_have_count(1)
    expect(frames.nth(0).get_by_role("img", name="Page 6 of")).to_be_visible()


def test_the_quoted_words_are_darker_than_their_block(open_page: Open) -> None:
    page = open_page(asked(SKERRY))
    answered(page)
    shown = open_citation(page, 2)
    expect(shown.locator(".quoted").first).to_be_visible()
    quoted, block = shown.locator(".quoted").first.bounding_box(), shown.locator(".block").first.bounding_box()
    assert quoted is not None
    assert block is not None
    assert block["y"] + 0.6 * block["height"] < quoted["y"] < block["y"] + block["height"], "the row of Skerry"


def test_the_words_on_a_page_can_be_selected_and_copied(open_page: Open) -> None:
    page = open_page(asked(SKERRY))
    answered(page)
    layer = open_citation(page, 2).locator(".text-layer")
    expect(layer).to_contain_text("delivered")
    layer.evaluate("(layer) => getSelection().selectAllChildren(layer)")
    assert "We delivered 318,400 items" in page.evaluate("getSelection().toString()").replace("\n", " ")


def test_what_comes_nearest_is_walked_by_keys_and_boxes(open_page: Open) -> None:
    page = open_page(asked(STAMP))
    answered(page).locator(".cards button").first.click()
    expect(viewer(page)).to_contain_text("1 / 3")
    viewer(page).get_by_role("button", name="Citation 2").first.click()
    expect(viewer(page)).to_contain_text("2 / 3")
    page.keyboard.press("[")
    expect(viewer(page)).to_contain_text("1 / 3")
    page.keyboard.press("]")
    page.keyboard.press("]")
    expect(viewer(page)).to_contain_text("3 / 3")
    page.keyboard.press("Escape")
    expect(viewer(page)).to_be_hidden()


def test_a_page_is_zoomed_and_fitted(open_page: Open) -> None:
    page = open_page(asked(SKERRY))
    answered(page)
    picture = open_citation(page, 2).locator(".page-frame")
    page.get_by_role("img", name="Page 2 of").wait_for()
    before = picture.bounding_box()
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert before is not None
    width = "document.querySelector('.page-frame').clientWidth"
    page.wait_for_function(f"(former) => {width} > former * 1.4", arg=before["width"])
    page.keyboard.press("0")
    page.wait_for_function(f"(former) => {width} <= former + 1", arg=before["width"])


def test_why_this_tells_the_search_in_words(open_page: Open) -> None:
    page = open_page(asked(SKERRY))
    answered(page)
    shown = open_citation(page, 2)
    shown.get_by_role("button", name="Why this?").click()
    told = shown.get_by_role("list", name="How was this found?")
    expect(told).to_contain_text("The search by words found")
    expect(told).to_contain_text("It supports “Island: Skerry")


def test_an_address_opens_the_same_for_a_colleague(open_page: Open) -> None:
    page = open_page(asked(SKERRY))
    answered(page)
    open_citation(page, 2).get_by_role("button", name="Copy the address").click()
    evidence = page.evaluate("navigator.clipboard.readText()").partition("/#")[2]
    conversation = page.url.partition("/#")[2]
    colleague = open_page(f"#{evidence}")
    expect(viewer(colleague).locator(".block").first).to_be_visible()
    expect(viewer(colleague).locator(".quoted").first).to_be_visible()
    another = open_page(f"#{conversation}")
    expect(viewer(another).locator(".block").first).to_be_visible()
    expect(another.locator("article")).to_contain_text("84.6 %")


def test_a_conversation_comes_back_after_a_reload_with_its_evidence(open_page: Open) -> None:
    page = open_page(asked(GOAT))
    answered(page)
    expect(page).to_have_url(re.compile("#/c/"))  # its address comes a moment after the answer
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.reload()
    open_citation(page, 1)
    expect(viewer(page).locator(".block").first).to_be_visible()
    assert not [url for url in sent if url.endswith("/v1/chat")], "it was not asked again"


def test_evidence_that_was_deleted_is_shown_as_deleted_and_not_as_text(open_page: Open, service: Service) -> None:
    (document,) = service.finished(*service.upload(("moths.txt", b"The moth museum of Skerry opens at eleven.")))
    evidence = found(service, "When does the moth museum of Skerry open?")["id"]
    page = open_page(asked("When does the moth museum of Skerry open?"))
    answered(page)
    service.http.delete(f"/v1/documents/{document['id']}")
    page.reload()
    expect(page.locator(".cards")).to_contain_text("The document of this evidence was deleted.")
    expect(page.locator(".cards")).not_to_contain_text("eleven")
    gone = open_page(f"#/evidence/{evidence}")
    expect(gone.get_by_role("alert")).to_contain_text("The document of this evidence was deleted.")
    again = '"deleted":false'
    page.route(
        "**/v1/conversations/*",
        lambda route: route.fulfill(body=route.fetch().text().replace('"deleted":true', again)),
    )
    page.reload()
    expect(page.locator(".cards")).to_contain_text("is being read again")


def test_a_page_that_cannot_be_drawn_says_why_and_shows_the_words(open_page: Open, service: Service) -> None:
    evidence = found(service, "What was dropped over the churchyard of Tolle?", kinds=["text"])
    page = open_page()
    problem = {"status": 404, "detail": "Slides are drawn where LibreOffice is installed."}
    page.route("**/pages/*?width=*", lambda route: route.fulfill(status=404, json=problem))
    page.evaluate(f"location.hash = '#/evidence/{evidence['id']}'")
    expect(viewer(page).get_by_role("status").first).to_contain_text("Slides are drawn where LibreOffice is installed.")
    expect(viewer(page)).to_contain_text(evidence["text"][:30])
