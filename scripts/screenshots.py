"""Takes the README's pictures of the page: `python scripts/screenshots.py`, while `make demo` runs.

Needs the packages of the extra `dev` and Debian's Chromium. Writes `docs/page-*.webp`, together under 300 kB.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).resolve().parents[1] / "docs"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SIZE = {"width": 1280, "height": 760}
COLLECTION = "samples"
MOST_BYTES = 300_000


def ask(page: Page, question: str) -> None:
    page.evaluate(f"location.hash = '#/ask?{urlencode({'q': question, 'in': COLLECTION})}'")
    page.locator(".actions").wait_for()


def answer(page: Page) -> None:
    ask(page, "What does the goat Biscuit get as her wage?")


def evidence(page: Page) -> None:
    ask(page, "What does the goat Biscuit get as her wage?")
    page.locator(".marker").first.click()
    page.locator(".quoted").first.wait_for()


def abstention(page: Page) -> None:
    ask(page, "What did a first-class stamp to the mainland cost in 2025?")


def documents(page: Page) -> None:
    page.evaluate("location.hash = '#/documents?in=" + COLLECTION + "'")
    page.locator(".long li").first.wait_for()


VIEWS: dict[str, Callable[[Page], None]] = {
    "ask": answer,
    "evidence": evidence,
    "abstention": abstention,
    "documents": documents,
}


def main(url: str) -> None:
    written = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name, show in VIEWS.items():
            context = browser.new_context(viewport=SIZE, locale="en-GB", color_scheme="light", reduced_motion="reduce")
            page = context.new_page()
            page.goto(url)
            page.locator("#question").wait_for()
            show(page)
            page.wait_for_timeout(1000)  # pictures of pages are drawn
            written += write(DOCS / f"page-{name}.webp", page.screenshot())
            context.close()
        browser.close()
    print(f"{written} bytes")
    sys.exit(0 if written <= MOST_BYTES else 1)


def write(path: Path, png: bytes) -> int:
    Image.open(io.BytesIO(png)).convert("RGB").save(path, quality=82, method=6)
    return path.stat().st_size


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
