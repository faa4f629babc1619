"""Exhibit's own chat over HTTP, with the real engine behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.e2e.service import SAMPLES, Service
from tests.vllm.engine import MOST_IMAGES, Engine, Engines

FIGURE = "At what time does the night boat in the diagram of a parcel's way leave?"
PARAGRAPH = "Who suggested that the sorting hall's computer should read the tide tables?"


@pytest.fixture(scope="module")
def service(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Gives the engine that runs now up to four images a prompt, more than it takes."""
    one = Service(tmp_path_factory.mktemp("service"), EXHIBIT_LLM__URL=engines.one().url, EXHIBIT_LLM__TIMEOUT_S="60")
    one.start()
    documents = one.upload(SAMPLES / "annual-report-2025.pdf")
    assert one.finished(*documents)[0]["status"] == "ready"
    yield one
    one.stop()


def prompt_tokens(service: Service, question: str, **more: Any) -> int:
    usage = service.ask(question, **more)["usage"]
    return int(usage["prompt_tokens"])


def refusals(engine: Engine) -> int:
    """As its log tells them; of a prompt that is too long, vLLM counts nothing."""
    return engine.log.read_text(errors="replace").count('chat/completions HTTP/1.1" 400')


@contextmanager
def streamed(service: Service, question: str, **more: Any) -> Iterator[httpx.Response]:
    body = {"messages": [{"role": "user", "content": question}], "stream": True, **more}
    with service.http.stream("POST", "/v1/chat", json=body) as answer:
        assert answer.status_code == 200
        yield answer


def events(answer: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    event = ""
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data":
            yield event, json.loads(value)


def test_the_engine_s_model_answers_with_the_evidence_it_was_shown(engine: Engine, service: Service) -> None:
    answer = service.ask(PARAGRAPH)
    assert answer["model"] == "tiny-llava"
    assert answer["usage"]["completion_tokens"] > 0
    assert answer["evidence"]
    assert answer["verdict"] in ("ungrounded", "partial", "abstained")  # it talks nonsense, and is not believed


def test_more_evidence_is_a_longer_prompt_in_the_engine(engine: Engine, service: Service) -> None:
    one, four = prompt_tokens(service, PARAGRAPH, top_k=1), prompt_tokens(service, PARAGRAPH, top_k=4)
    assert four > one + 50


def test_the_pixels_of_a_figure_reach_the_engine(engine: Engine, service: Service) -> None:
    before = engine.metric("vllm:mm_cache_queries_total")  # images, not tokens
    answer = service.ask(FIGURE, kinds=["figure"], top_k=1)
    assert [one["kind"] for one in answer["evidence"]] == ["figure"]
    assert engine.metric("vllm:mm_cache_queries_total") > before


def test_the_engine_describes_what_comes_in_from_its_pixels_and_is_never_quoted(
    engine: Engine, service: Service
) -> None:
    seen = engine.metric("vllm:mm_cache_queries_total")
    (picture,) = service.finished(*service.upload(SAMPLES / "harbour-morning.jpg"))
    assert picture["status"] == "ready"
    assert engine.metric("vllm:mm_cache_queries_total") > seen
    answer = service.ask(FIGURE, filter={"document": [picture["id"]]}, top_k=1)
    (shown,) = answer["evidence"]
    assert shown["described_by"] == "tiny-llava"
    assert shown["description"]
    assert shown["description"] not in shown["text"]
    assert all(citation["quote"] not in shown["description"] for citation in answer["citations"])


def test_too_many_images_for_the_engine_are_answered_with_fewer_and_a_notice(engine: Engine, service: Service) -> None:
    answer = service.ask("Which figures show letters, parcels and boats?", kinds=["figure"], top_k=8)
    assert len(answer["evidence"]) > MOST_IMAGES
    assert "images_left_out" in [notice["code"] for notice in answer["notices"]]
    assert answer["usage"]["prompt_tokens"] > 0


def test_evidence_over_the_context_is_answered_with_less_and_a_notice(engine: Engine, service: Service) -> None:
    answer = service.ask(PARAGRAPH, kinds=["text", "table"], top_k=50)
    assert answer["usage"]["prompt_tokens"] > 0
    assert "evidence_left_out" in [notice["code"] for notice in answer["notices"]]


def test_evidence_over_the_context_is_refused_once_at_most_and_then_known(engine: Engine, service: Service) -> None:
    told = list[int]()
    for _ in range(2):
        with streamed(service, PARAGRAPH, kinds=["text", "table"], top_k=50) as answer:
            next(value for name, value in events(answer) if name == "delta")
        told.append(refusals(engine))
    assert told[1] == told[0]


def test_a_question_over_the_context_is_refused_with_a_sentence(engine: Engine, service: Service) -> None:
    body = {"messages": [{"role": "user", "content": "Why does the boat leave? " * 3000}]}
    answer = service.http.post("/v1/chat", json=body)
    assert answer.status_code == 413
    assert "4096" in answer.json()["detail"]


def test_an_answer_streams_through(engine: Engine, service: Service) -> None:
    with streamed(service, PARAGRAPH) as answer:
        names = [name for name, _ in events(answer)]
    assert names[0] == "evidence"
    assert names[-1] == "answer"
    assert names.count("delta") > 5


def test_a_client_that_hangs_up_ends_the_work_in_the_engine(engine: Engine, service: Service) -> None:
    made = engine.metric("vllm:generation_tokens_total")
    with streamed(service, PARAGRAPH) as answer:
        next(value for name, value in events(answer) if name == "delta")
    engine.wait_until_idle()
    assert (
        engine.metric("vllm:generation_tokens_total") - made < 1000
    )  # of 1024, for the tiny model never ends by itself


def test_z_an_engine_killed_in_the_middle_ends_the_stream_with_a_problem(engine: Engine, service: Service) -> None:
    with streamed(service, PARAGRAPH) as answer:
        told = events(answer)
        next(value for name, value in told if name == "delta")
        engine.kill()
        rest = list(told)
    assert rest[-1][0] == "problem"
    assert rest[-1][1]["status"] == 503


def test_z_without_the_engine_search_goes_on_and_chat_says_why_not(service: Service) -> None:
    answer = service.http.post("/v1/chat", json={"messages": [{"role": "user", "content": PARAGRAPH}]})
    assert answer.status_code == 503
    assert "language model" in answer.json()["detail"]
    assert service.search(PARAGRAPH)
