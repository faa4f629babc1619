"""Asking: answers with their verdicts, markers, evidence; abstention; stopping; follow-ups; filters; copies."""

from __future__ import annotations

import threading
from pathlib import Path

from playwright.sync_api import expect

from tests.contract.openai_server import OpenAIServer, Reply, endless, said
from tests.e2e.service import SAMPLES, Service
from tests.page.conftest import Open
from tests.page.people import (
    GOAT,
    SKERRY,
    STAMP,
    answered,
    ask,
    asked,
    bodies,
    box_on_page,
    open_citation,
    paste,
    viewer,
)
from tests.waiting import HANG_S


def test_an_answer_opens_the_page_with_its_place_marked(open_page: Open) -> None:
    page = open_page()
    ask(page, SKERRY)
    turn = answered(page)
    expect(turn.get_by_text("Every statement is supported by your documents.")).to_be_visible()
    expect(turn).to_contain_text("84.6 %")
    shown = open_citation(page, 2)
    expect(shown.get_by_role("img", name="Page 2 of annual-report-2025.pdf")).to_be_visible()
    x0, y0, x1, y1 = box_on_page(shown.locator(".block").first)
    assert 0.1 < x0 < 0.2
    assert 0.8 < x1 < 0.9
    assert y0 < 0.29 < 0.4 < y1, "the table's rows lie between .287 and .43 of the page"
    expect(shown.locator(".block").first).to_be_in_viewport()


def test_a_claim_lights_its_place_and_the_place_its_claim(open_page: Open) -> None:
    page = open_page(asked(GOAT))
    turn = answered(page)
    shown = open_citation(page, 1)
    block = shown.locator(".block").first
    block.wait_for()
    turn.locator(".claim").first.hover()
    expect(block).to_have_class("block lit")
    page.mouse.move(0, 0)
    expect(block).not_to_have_class("block lit")
    turn.get_by_role("button", name="supported: Her wage").focus()
    expect(block).to_have_class("block lit")
    turn.get_by_role("button", name="Copy", exact=True).focus()
    box = block.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    expect(turn.locator(".claim.lit").first).to_be_visible()


def test_what_the_documents_do_not_hold_has_a_view_of_its_own(open_page: Open) -> None:
    page = open_page(asked(STAMP))
    answered(page)
    absent = page.get_by_role("region", name="Your documents don't surely answer this.")
    expect(absent).to_contain_text("mainland")
    absent.get_by_role("button", name="annual-report-2025.pdf, page 6").first.click()
    expect(viewer(page).locator(".block").first).to_be_visible()


def test_what_is_mentioned_nowhere_is_called_absent(open_page: Open) -> None:
    page = open_page()
    page.route("**/v1/chat", lambda route: route.fulfill(body=route.fetch().text().replace('"unsure"', '"absent"')))
    ask(page, STAMP)
    expect(page.get_by_role("heading", name="Not in your documents")).to_be_visible()


def test_a_follow_up_is_sent_with_the_conversation(open_page: Open) -> None:
    page = open_page()
    sent = bodies(page, "/v1/chat")
    ask(page, "How many parcels were delivered on Skerry in 2025?")
    answered(page)
    ask(page, "And on Tolle?")
    expect(answered(page, 2)).to_contain_text("19,200")
    assert sent[1]["conversation_id"] == sent[0]["conversation_id"]
    assert len(sent[1]["messages"]) == 1, "what was said before comes from the kept conversation"


def test_a_pasted_picture_is_a_question(open_page: Open) -> None:
    page = open_page()
    sent = bodies(page, "/v1/chat")
    page.get_by_label("Your question").focus()
    paste(page, file=SAMPLES / "harbour-morning.jpg", kind="image/jpeg")
    expect(page.get_by_role("img", name="Picture")).to_be_visible()
    page.get_by_role("button", name="Ask", exact=True).click()
    answered(page)
    assert sent[0]["messages"][0]["content"][0]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    expect(page.locator("main")).to_contain_text("harbour-morning.jpg")


def test_what_is_searched_can_be_narrowed(open_page: Open) -> None:
    page = open_page()
    sent = bodies(page, "/v1/chat")
    page.get_by_role("button", name="In default").click()
    page.get_by_label("Find a document by its name").fill("hand")
    page.get_by_role("button", name="staff-handbook.docx").click()
    page.get_by_label("table", exact=True).check()
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Field").fill("year")
    page.get_by_label("Comparison").select_option("≥")
    page.get_by_label("Value").fill("2024")
    page.get_by_role("button", name="Done").click()
    ask(page, "How many crowns does a carrier get for Sunday duty?")
    answered(page)
    assert sent[0]["kinds"] == ["table"]
    document, metadata = sent[0]["filter"]["and"]
    assert len(document["document"]) == 1
    assert metadata == {"metadata.year": {"gte": 2024}}


def test_an_answer_is_copied_with_its_references(open_page: Open) -> None:
    page = open_page(asked(GOAT))
    turn = answered(page)
    turn.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    text = page.evaluate("navigator.clipboard.readText()")
    assert "[1] annual-report-2025.pdf, page 7: “" in text
    turn.get_by_role("button", name="Copy as Markdown").click()
    page.wait_for_function("async (former) => (await navigator.clipboard.readText()) !== former", arg=text)
    assert "[^1]: **annual-report-2025.pdf, page 7**" in page.evaluate("navigator.clipboard.readText()")


def test_an_answer_is_printed_with_its_evidence(open_page: Open) -> None:
    page = open_page(asked(GOAT))
    page.evaluate("window.print = () => (window.seen = document.querySelectorAll('.printed img[src^=blob]').length)")
    answered(page).get_by_role("button", name="Print").click()
    page.wait_for_function("() => window.seen > 0")


def test_stopping_an_answer_stops_the_model(open_page: Open, writing: Service, model: OpenAIServer) -> None:
    model.hung_up.clear()
    model.script = endless
    page = open_page(of=writing)
    ask(page, GOAT)
    expect(page.locator(".text")).to_contain_text("and and")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("article").get_by_text("You stopped this answer.")).to_be_visible()
    assert model.hung_up.wait(HANG_S)


def test_an_answer_that_breaks_off_says_so_and_can_be_asked_again(
    open_page: Open, writing: Service, model: OpenAIServer
) -> None:
    def breaks(reply: Reply) -> None:
        reply.begin()
        reply.piece("Her wage is a bucket of barley")
        raise OSError

    model.script = breaks
    page = open_page(of=writing)
    ask(page, GOAT)
    expect(page.get_by_role("alert")).to_contain_text("The answer broke off.")
    model.script = said("Her wage is a bucket of barley. [1]")
    page.get_by_role("button", name="Ask again").click()
    expect(answered(page)).to_contain_text("bucket of barley")


def test_a_claim_without_support_says_so_in_words(open_page: Open, writing: Service, model: OpenAIServer) -> None:
    model.script = said("Her wage is a bucket of barley [1]. ", "She was bought for 9,000 crowns in Rome [1].")
    page = open_page(asked(GOAT), of=writing)
    turn = answered(page)
    expect(turn.get_by_text("Some statements are not supported by your documents.")).to_be_visible()
    expect(turn.get_by_role("button", name="not supported: She was bought")).to_have_text("not supported")


def test_markers_are_there_while_the_answer_is_written(open_page: Open, writing: Service, model: OpenAIServer) -> None:
    end = threading.Event()

    def waits(reply: Reply) -> None:
        reply.begin()
        reply.piece("Her wage is a bucket of barley [1]. And she is")
        end.wait(HANG_S)
        reply.piece(" a goat [1].")
        reply.end()

    model.script = waits
    page = open_page(of=writing)
    ask(page, GOAT)
    expect(page.locator(".marker.early")).to_have_text("1")
    expect(page.get_by_role("status").last).to_contain_text("Her wage is a bucket of barley")
    end.set()
    answered(page)


def test_forty_citations_can_be_walked(open_page: Open, writing: Service, model: OpenAIServer) -> None:
    page = open_page(of=writing)
    page.route("**/v1/chat", lambda route: route.continue_(post_data={**route.request.post_data_json, "top_k": 40}))
    model.script = said(*(f"Sentence number {n} of the answer. [{n}] " for n in range(1, 41)))
    ask(page, "What do the documents say about the islands, the boats, the post and the goat?")
    turn = answered(page)
    count = turn.locator(".marker").count()
    assert count >= 20
    turn.get_by_role("button", name="Show all").click()
    assert turn.locator(".cards li").count() == count
    turn.locator(".marker").first.click()
    for _ in range(count - 1):
        page.keyboard.press("]")
    expect(viewer(page)).to_contain_text(f"{count} / {count}")


def test_a_megabyte_pasted_is_told_and_kept(open_page: Open) -> None:
    page = open_page()
    field = page.get_by_label("Your question")
    field.fill("x" * 1_000_000)
    expect(page.get_by_role("alert")).to_contain_text("1,000,000 letters")
    field.press("Enter")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_disabled()
    assert len(field.input_value()) == 1_000_000


def test_what_is_typed_is_kept_over_a_reload(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Your question").fill("half a question")
    page.reload()
    expect(page.get_by_label("Your question")).to_have_value("half a question")


def test_a_service_that_ends_in_the_middle_of_an_answer(
    open_page: Open, started: object, model: OpenAIServer, tmp_path: Path
) -> None:
    assert callable(started)
    one: Service = started(EXHIBIT_LLM__URL=f"{model.url}/v1", EXHIBIT_LLM__DESCRIBES="false")
    model.script = endless
    page = open_page(of=one)
    ask(page, GOAT)
    expect(page.locator(".text")).to_contain_text("and and")
    one.kill()
    expect(page.get_by_role("alert")).to_contain_text("The answer broke off.")
    expect(page.get_by_text("Nothing you typed is lost")).to_be_visible()
    page.get_by_label("Your question").fill("and what then?")
    model.script = said("Her wage is a bucket of barley. [1]")
    one.start()
    expect(page.get_by_text("Nothing you typed is lost")).to_be_hidden()
    expect(page.get_by_label("Your question")).to_have_value("and what then?")
    page.get_by_role("button", name="Ask again").click()
    expect(answered(page)).to_contain_text("barley")
