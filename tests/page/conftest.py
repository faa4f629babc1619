"""A browser, a service with the samples in it, and one whose language model is scripted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.contract.openai_server import OpenAIServer, said
from tests.e2e.service import SAMPLES, Service
from tests.waiting import HANG_S

CHROMIUM = os.environ.get("EXHIBIT_TEST_CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# A browser without a screen draws no frame unless it is asked for one, and the pointer moves by frames.
FRAMES = "(function frame() { requestAnimationFrame(frame); })()"
Open = Callable[..., Page]


expect.set_options(timeout=HANG_S * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if Path(CHROMIUM).exists():
        return
    for item in items:
        item.add_marker(pytest.mark.skip(reason="no Chromium: apt-get install chromium, or EXHIBIT_TEST_CHROMIUM"))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the samples in its collection `default`. EXHIBIT_TEST_FILLED: one from before, which is
    quicker while a test is written."""
    if former := os.environ.get("EXHIBIT_TEST_FILLED"):
        return Path(former)
    one = Service(tmp_path_factory.mktemp("filled"))
    one.start()
    assert {document["status"] for document in one.finished(*one.upload(*sorted(SAMPLES.iterdir())))} == {"ready"}
    one.stop()
    return one.folder / "data"


@pytest.fixture(scope="session")
def started(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Starts services with a copy of the samples; ends them at the end of the session."""
    made: list[Service] = []

    def start(**environment: str) -> Service:
        folder = tmp_path_factory.mktemp("service")
        shutil.copytree(filled, folder / "data")
        made.append(Service(folder, **environment))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture(scope="session")
def service(started: Callable[..., Service]) -> Service:
    """Answers by quoting. Tests leave its samples as they are."""
    return started()


@pytest.fixture(scope="session")
def model() -> Iterator[OpenAIServer]:
    with OpenAIServer(said("Nothing.")) as server:
        yield server


@pytest.fixture(scope="session")
def writing(started: Callable[..., Service], model: OpenAIServer) -> Service:
    """Answers by what `model` is scripted to say."""
    return started(EXHIBIT_LLM__URL=f"{model.url}/v1", EXHIBIT_LLM__DESCRIBES="false")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser, service: Service) -> Iterator[Open]:
    """Opens the page as a person would. Whatever a test does: no error is thrown, nothing breaks the policy, and no
    request leaves the service."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_(path: str = "", *, of: Service = service, phone: bool = False, **more: Any) -> Page:
        base = f"http://127.0.0.1:{of.port}"
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 820}
        given = {"locale": "en-GB", "viewport": size, "permissions": ["clipboard-read", "clipboard-write"], **more}
        context = browser.new_context(**given)
        context.set_default_timeout(HANG_S * 1000)
        context.add_init_script(FRAMES)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
        page.on("request", lambda request: None if _is_own(request.url, base) else faults.append(request.url))
        page.goto(f"{base}/{path}")
        page.locator("main").wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def _is_own(url: str, base: str) -> bool:
    return url.startswith((f"{base}/", "blob:", "data:"))
