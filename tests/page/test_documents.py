"""Documents: added, followed, refused, retried, cancelled, replaced, deleted; thousands of them; long ones."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from reportlab.pdfgen.canvas import Canvas

from tests.e2e.service import Service
from tests.page.conftest import Open
from tests.page.people import paste

Json = dict[str, Any]
STORM = b"The storm barrel of Amber holds forty litres of lamp oil."


def text_file(name: str, body: bytes = STORM) -> Any:
    return {"name": name, "mimeType": "text/plain", "buffer": body}


def add(page: Page, *files: Any) -> None:
    page.locator("#files").set_input_files(list(files))


def row(page: Page, name: str) -> Any:
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=name, exact=True))


@pytest.fixture
def collection(service: Service, request: pytest.FixtureRequest) -> str:
    """An empty one for each test."""
    name: str = request.node.name.removeprefix("test_")[:60]
    assert service.http.post("/v1/collections", json={"name": name}).status_code == 201
    return name


def documents(page: Page, collection: str) -> Page:
    page.evaluate(f"location.hash = '#/documents?in={collection}'")
    expect(page.get_by_role("combobox", name="Collection")).to_have_value(collection)
    return page


def test_a_file_is_sent_followed_and_found(open_page: Open, collection: str) -> None:
    page = documents(open_page(), collection)
    expect(page.get_by_text("No documents yet")).to_be_visible()
    add(page, text_file("storm.txt", STORM + b" One."))
    expect(row(page, "storm.txt").get_by_text("ready")).to_be_visible()
    page.get_by_role("link", name="storm.txt").click()
    page.get_by_role("button", name="Ask this document").click()
    expect(page.get_by_label("Your question")).to_be_visible()


def test_folders_pictures_and_addresses_can_be_pasted(open_page: Open, collection: str, tmp_path: Path) -> None:
    page = documents(open_page(), collection)
    file = tmp_path / "pasted.txt"
    file.write_bytes(STORM + b" Two.")
    page.evaluate("document.activeElement.blur()")
    paste(page, file=file, kind="text/plain")
    expect(row(page, "pasted.txt").get_by_text("ready")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    paste(page, text="http://127.0.0.1:9/report.pdf")
    tray = page.get_by_role("region", name="Files that are sent")
    expect(tray.get_by_role("listitem").filter(has_text="http://127.0.0.1:9/report.pdf")).to_contain_text("address")


def test_a_folder_keeps_its_name_as_metadata(
    open_page: Open, collection: str, service: Service, tmp_path: Path
) -> None:
    folder = tmp_path / "storms"
    folder.mkdir()
    (folder / "a.txt").write_bytes(STORM + b" Three.")
    page = documents(open_page(), collection)
    page.locator("#folder").set_input_files(folder)
    expect(row(page, "a.txt").get_by_text("ready")).to_be_visible()
    (document,) = service.http.get(f"/v1/collections/{collection}/documents").json()["documents"]
    assert document["metadata"] == {"folder": "storms"}


def test_a_refused_file_has_its_sentence(open_page: Open, collection: str) -> None:
    page = documents(open_page(), collection)
    add(page, {"name": "noise.bin", "mimeType": "application/octet-stream", "buffer": bytes(range(256)) * 64})
    tray = page.get_by_role("region", name="Files that are sent")
    expect(tray.get_by_text("One was not taken")).to_be_visible()
    expect(tray.get_by_role("listitem")).to_contain_text("noise.bin")
    expect(tray.get_by_role("button", name="Try again")).to_be_visible()


def test_a_document_is_replaced_and_deleted_with_what_that_means(open_page: Open, collection: str) -> None:
    page = documents(open_page(), collection)
    add(page, text_file("storm.txt", STORM + b" Four."))
    expect(row(page, "storm.txt").get_by_text("ready")).to_be_visible()
    field = page.locator("input[aria-label='Replace storm.txt by a new version']")
    field.set_input_files(text_file("storm-2.txt", STORM + b" Five."))
    expect(row(page, "storm-2.txt").get_by_text("ready")).to_be_visible()
    row(page, "storm-2.txt").get_by_role("button", name="Delete storm-2.txt").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("can't be found or cited any more")
    dialog.get_by_role("button", name="Delete").click()
    expect(row(page, "storm-2.txt")).to_have_count(0)


def test_a_failed_document_is_retried_and_a_waiting_one_cancelled(open_page: Open, collection: str) -> None:
    page = open_page()
    asked: list[str] = []
    shown: Json = {"collection": collection, "media_type": "text/plain", "size": 5, "pages": None, "chunks": {}}
    shown |= {"page_report": [], "metadata": {}, "created_at": "2026-01-01T00:00:00Z", "ready_at": None, "stage": None}
    shown |= {"progress": 0.0, "findable": False, "time_left_s": None}
    torn = [{"page": 3, "message": "It is torn."}]
    failed = shown | {"id": "f", "name": "bad.pdf", "status": "failed", "problems": torn}
    waits = shown | {"id": "w", "name": "next.pdf", "status": "queued", "problems": []}

    def act(route: Route) -> None:
        asked.append(route.request.url.rpartition("/v1")[2])
        now = (failed if "/f/" in asked[-1] else waits) | {"status": "cancelled" if "cancel" in asked[-1] else "ready"}
        route.fulfill(status=202, json=now)

    both = {"documents": [failed, waits], "next_cursor": None}
    page.route(f"**/v1/collections/{collection}/documents?*", lambda route: route.fulfill(json=both))
    page.route("**/v1/documents/*/events", lambda route: route.abort())
    page.route("**/v1/documents/*/retry", act)
    page.route("**/v1/documents/*/cancel", act)
    documents(page, collection)
    expect(row(page, "bad.pdf")).to_contain_text("page 3: It is torn.")
    row(page, "bad.pdf").get_by_role("button", name="Read bad.pdf again").click()
    expect(row(page, "bad.pdf").get_by_text("ready")).to_be_visible()
    row(page, "next.pdf").get_by_role("button", name="Stop reading next.pdf").click()
    expect(row(page, "next.pdf").get_by_text("cancelled")).to_be_visible()
    assert asked == ["/documents/f/retry", "/documents/w/cancel"]


def test_a_collection_is_made_renamed_and_deleted(open_page: Open) -> None:
    page = documents(open_page(), "default")
    expect(row(page, "lost-property-2025.csv")).to_contain_text("3 tables · 824 bytes")
    expect(row(page, "staff-handbook.docx")).to_contain_text("1 table · 37 kB")
    page.get_by_role("button", name="New collection").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("boats")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    choice = page.get_by_role("combobox", name="Collection")
    expect(choice).to_have_value("boats")
    page.get_by_role("button", name="Rename the collection").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("default")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("default")
    page.get_by_role("dialog").get_by_role("textbox").fill("ships")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(choice).to_have_value("ships")
    page.get_by_role("button", name="Delete the collection").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(choice).to_have_value("default")
    expect(choice.get_by_role("option", name="ships")).to_have_count(0)


def test_two_thousand_documents_are_a_list_of_few_rows(open_page: Open, collection: str) -> None:
    page = open_page()
    shown: Json = {"collection": collection, "media_type": "text/plain", "size": 5, "pages": 2, "chunks": {"text": 3}}
    shown |= {"page_report": [], "metadata": {}, "ready_at": None, "stage": None, "status": "ready", "problems": []}
    shown |= {"progress": 1.0, "findable": True, "time_left_s": None}
    times = [f"2026-01-01T00:{n // 60:02}:{n % 60:02}Z" for n in range(2000)]
    all_ = [shown | {"id": f"d{n}", "name": f"report-{n:04}.txt", "created_at": at} for n, at in enumerate(times)]

    def listed(route: Route) -> None:
        at = int(route.request.url.partition("cursor=")[2] or 0)
        more = at + 200 if at + 200 < 2000 else None
        route.fulfill(json={"documents": all_[at : at + 200], "next_cursor": None if more is None else str(more)})

    page.route(f"**/v1/collections/{collection}/documents?*", listed)
    documents(page, collection)
    expect(page.get_by_text("2,000 documents")).to_be_visible()
    assert page.get_by_role("listitem").count() < 60
    expect(page.get_by_role("link", name="report-1999.txt")).to_be_visible()
    page.locator("main").evaluate("(main) => main.scrollTo(0, main.scrollHeight)")
    expect(page.get_by_role("link", name="report-0000.txt")).to_be_in_viewport()
    page.get_by_label("Find by name").fill("0777")
    expect(page.get_by_text("1 document", exact=True)).to_be_visible()


def long_pdf(pages: int) -> bytes:
    body = io.BytesIO()
    canvas = Canvas(body, pagesize=(300, 400))
    for n in range(1, pages + 1):
        canvas.drawString(40, 300, f"Light number {n} burns white.")
        canvas.showPage()
    canvas.save()
    return body.getvalue()


def test_a_document_of_300_pages_is_reported_and_turned(open_page: Open, collection: str, service: Service) -> None:
    page = documents(open_page(), collection)
    add(page, {"name": "lights.pdf", "mimeType": "application/pdf", "buffer": long_pdf(300)})
    expect(row(page, "lights.pdf").get_by_text("ready")).to_be_visible()
    page.get_by_role("link", name="lights.pdf").click()
    expect(page.get_by_text("300 by their text")).to_be_visible()
    assert page.get_by_role("list", name="How each page was read").get_by_role("listitem").count() < 60
    page.get_by_role("button", name="Look at its pages").click()
    page.get_by_label("Page number").fill("250")
    page.get_by_label("Page number").press("Enter")
    expect(page.get_by_role("img", name="Page 250 of lights.pdf")).to_be_visible()
    expect(page.locator(".text-layer")).to_contain_text("Light number 250")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("img", name="Page 251 of lights.pdf")).to_be_visible()


def test_what_is_on_its_way_is_followed_again_after_a_reload(open_page: Open, collection: str) -> None:
    page = documents(open_page(), collection)
    add(page, {"name": "lamps.pdf", "mimeType": "application/pdf", "buffer": long_pdf(120)})
    expect(row(page, "lamps.pdf")).to_be_visible()
    page.reload()
    expect(row(page, "lamps.pdf").get_by_text("ready")).to_be_visible()


def test_an_upload_goes_on_after_the_service_came_back(open_page: Open, started: Callable[..., Service]) -> None:
    one = started(EXHIBIT_MAX_UPLOAD_MB="1")
    page = documents(open_page(of=one), "default")
    tray = page.get_by_role("region", name="Files that are sent")
    add(page, text_file("large.txt", b"a line of words\n" * 100_000))
    expect(tray.get_by_role("listitem").filter(has_text="large.txt")).to_contain_text("limit")
    one.kill()
    add(page, text_file("storm.txt", STORM + b" Six."))
    sent = tray.get_by_role("listitem").filter(has_text="storm.txt")
    expect(sent).to_contain_text("The connection broke")
    one.start()
    expect(page.get_by_text("Nothing you typed is lost")).to_be_hidden()
    sent.get_by_role("button", name="Try again").click()
    expect(row(page, "storm.txt").get_by_text("ready")).to_be_visible()


def test_a_document_that_was_deleted_says_so(open_page: Open, collection: str, service: Service) -> None:
    (document,) = service.upload(("gone.txt", STORM + b" Seven."), collection=collection)
    service.http.delete(f"/v1/documents/{document['id']}")
    page = open_page(f"#/document/{document['id']}")
    expect(page.get_by_role("alert")).to_contain_text("The document was deleted.")
