"""Every container is killed with -9, restarted and taken down in the middle of work, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from tests.deployed.stack import SAMPLES, Stack
from tests.waiting import wait_until

QUESTION = "How long did the night boat stay in harbour because of the storm Ansgar?"
ANSWER = "nine days"
ALL = ("api", "worker", "postgres", "chroma")
SLOW = SAMPLES / "letter-1931-scanned.pdf"  # its words are read out of pictures
REPORT = SAMPLES / "annual-report-2025.pdf"
FILES = (SLOW, REPORT, SAMPLES / "project-gannet.pptx")


@pytest.fixture(scope="module")
def asked(stack: Stack) -> str:
    """A collection that can answer."""
    stack.is_read(*stack.upload("asked", REPORT))
    return "asked"


@contextmanager
def asking(stack: Stack, collection: str) -> Iterator[list[str]]:
    """Asks again and again meanwhile, and in the end until it is answered again."""
    answers: list[str] = []
    over = threading.Event()
    http = httpx.Client(base_url=stack.http.base_url, headers=stack.http.headers, timeout=60, trust_env=False)
    body = {"collection": collection, "messages": [{"role": "user", "content": QUESTION}]}

    def ask() -> None:
        while not over.wait(0.1):
            with suppress(httpx.TransportError):
                answer = http.post("/v1/chat", json=body)
                answers.append(answer.json()["answer"] if answer.status_code == 200 else str(answer.status_code))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
        before = len(answers)
        wait_until(lambda: any(ANSWER in one for one in answers[before:]), lambda: f"{answers[-5:]}\n{stack.logs()}")
    finally:
        over.set()
        thread.join()
        http.close()


def interrupted(stack: Stack, asked: str, collection: str, break_off: Callable[[], object]) -> None:
    """Documents on their way in and questions meanwhile; afterwards all are read, and the answers were right."""
    with asking(stack, asked) as answers:
        wait_until(lambda: answers)
        ids = stack.upload(collection, *FILES)
        wait_until(lambda: any(stack.status(id) == "running" for id in ids), stack.logs)
        break_off()
        stack.is_read(*ids)
    stack.wait_until_ready()
    wrong = [one for one in answers if ANSWER not in one and one not in ("503", "502", "500")]
    assert not wrong
    report = stack.http.post("/v1/admin/verify").json()
    assert (report["whole"], report["findings"]) == (True, [])


@pytest.mark.parametrize("service", ALL)
def test_a_container_killed_in_the_middle_of_work_loses_nothing(stack: Stack, asked: str, service: str) -> None:
    started = stack.inspected(stack.containers(service)[0])["RestartCount"]
    interrupted(stack, asked, f"killed-{service}", lambda: stack.kill(service))
    assert stack.inspected(stack.containers(service)[0])["RestartCount"] == started + 1


def test_stores_restarted_in_the_middle_of_work_lose_nothing(stack: Stack, asked: str) -> None:
    interrupted(stack, asked, "restarted", lambda: stack.compose("restart", "postgres", "chroma"))


def test_the_engine_restarted_in_the_middle_of_work_loses_nothing(stack: Stack, asked: str) -> None:
    if stack.engine.folder is None:
        pytest.skip("the engine that runs here has other containers, too")

    def restart() -> None:
        stack.engine.stop()
        stack.engine.start()

    interrupted(stack, asked, "engine", restart)


def test_down_and_up_keep_everything(stack: Stack, asked: str) -> None:
    key, before = stack.key(), stack.http.get("/v1/collections/asked/documents").json()
    stack.down()
    stack.up()
    assert stack.key() == key
    assert stack.http.get("/v1/collections/asked/documents").json() == before
    assert ANSWER in stack.ask(asked, QUESTION)["answer"]


def test_copies_of_three_volumes_bring_everything_back(stack: Stack, asked: str) -> None:
    """As the guide says. The vectors' own volume is not among them: it is filled again."""
    key, before = stack.key(), stack.http.get("/v1/collections/asked/documents").json()
    stack.down()
    copies = {name: stack.read_volume(name) for name in ("data", "postgres", "secrets")}
    stack.down("--volumes")
    for name, copy in copies.items():
        stack.write_volume(name, copy)
    stack.up()
    assert stack.key() == key
    assert stack.http.get("/v1/collections/asked/documents").json() == before
    wait_until(lambda: stack.http.post("/v1/admin/verify").json()["whole"], stack.logs)
    assert ANSWER in stack.ask(asked, QUESTION)["answer"]
