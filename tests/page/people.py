"""What a person does on the page, and sees there."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

SKERRY = "What share of the items for Skerry was delivered on time in 2025?"
GOAT = "What does the goat Biscuit get as her wage?"
STAMP = "What did a first-class stamp to the mainland cost in 2025?"
LANTERN = "柴油的最低储备数量是多少？"

PASTE = """({ name, type, body, text }) => {
  const data = new DataTransfer();
  if (body) {
    const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], name, { type }));
  }
  if (text) data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  (document.activeElement ?? document.body).dispatchEvent(event);
}"""


def asked(question: str, **more: str) -> str:
    """The address that asks it."""
    return f"#/ask?{urlencode({'q': question, 'in': 'default', **more})}"


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")


def answered(page: Page, times: int = 1) -> Locator:
    """The last answer, once it is there."""
    turn = page.locator("article").nth(times - 1)
    expect(turn.locator(".actions")).to_be_visible()
    return turn


def viewer(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Evidence")


def open_citation(page: Page, n: int) -> Locator:
    page.get_by_role("button", name=f"Citation {n}: show the evidence").first.click()
    expect(viewer(page)).to_be_visible()
    return viewer(page)


def paste(page: Page, *, file: Path | None = None, kind: str = "", text: str = "") -> None:
    body = base64.b64encode(file.read_bytes()).decode() if file else ""
    page.evaluate(PASTE, {"name": file.name if file else "", "type": kind, "body": body, "text": text})


def box_on_page(place: Locator) -> list[float]:
    """Where something lies on its page's picture, as fractions."""
    box = place.bounding_box()
    picture = place.locator("xpath=ancestor::figure").locator("img").bounding_box()
    assert box is not None
    assert picture is not None
    left, top = (box["x"] - picture["x"]) / picture["width"], (box["y"] - picture["y"]) / picture["height"]
    return [left, top, left + box["width"] / picture["width"], top + box["height"] / picture["height"]]


def bodies(page: Page, path: str) -> list[Any]:
    """The JSON of every request to this path, as they come."""
    seen: list[Any] = []
    page.on("request", lambda request: seen.append(request.post_data_json) if request.url.endswith(path) else None)
    return seen
