"""What the first word costs beyond retrieval: the arithmetic, and both ways of asking, against scripted servers."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from lab.bench.first_token import NoAnswer, Pair, connected_llm, difference_ms, pair, straight, through_exhibit, told
from lab.bench.recorder import Recorder
from tests.contract.openai_server import OpenAIServer, Reply, said

BODY = {"model": "scripted", "stream": True, "messages": [{"role": "user", "content": "Why?"}]}


def exhibit(*events: tuple[str, object]) -> httpx.Client:
    def reply(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=TRACES[request.url.path])
        return httpx.Response(200, content=b"".join(map(event, events)))

    def event(one: tuple[str, object]) -> bytes:
        return f"event: {one[0]}\ndata: {json.dumps(one[1])}\n\n".encode()

    return httpx.Client(transport=httpx.MockTransport(reply), base_url="http://exhibit")


TRACES = {"/v1/traces/t": {"timings_ms": {"retrieve": 12.5}}}
EVIDENCE = ("evidence", {"evidence": [], "trace_id": "t"})


def test_retrieval_is_taken_off_and_the_straight_way_compared() -> None:
    assert Pair(120.0, 40.0, 70.0).beyond_ms == 10.0
    pairs = [Pair(100.0, 30.0, 60.0), Pair(130.0, 50.0, 75.0), Pair(900.0, 40.0, 61.0)]
    assert difference_ms(pairs) == 80.0 - 61.0


def test_the_report_has_each_median() -> None:
    lines = told([Pair(100.0, 30.0, 60.0), Pair(130.0, 50.0, 75.0), Pair(900.0, 40.0, 61.0)]).splitlines()
    numbers = [line.split("|")[2].strip() for line in lines if line.startswith("|")]
    assert numbers[2:] == ["130.0", "40.0", "80.0", "61.0", "19.0", "10.0"]


def test_the_first_word_counts_and_what_retrieval_took_is_in_the_trace() -> None:
    with exhibit(EVIDENCE, ("delta", {"text": "a"}), ("delta", {"text": "b"})) as http:
        first_ms, retrieve_ms = through_exhibit(http, "Why?")
    assert first_ms > 0
    assert retrieve_ms == 12.5


@pytest.mark.parametrize("events", [[], [EVIDENCE], [EVIDENCE, ("problem", {})]])
def test_a_stream_without_a_word_is_no_measurement(events: list[tuple[str, object]]) -> None:
    with exhibit(*events) as http, pytest.raises(NoAnswer):
        through_exhibit(http, "Why?")


SILENT_S = 0.2


def silent_at_first(reply: Reply) -> None:
    reply.begin()
    reply.piece("")
    time.sleep(SILENT_S)
    reply.piece("now")
    reply.end()


def test_an_empty_piece_is_no_word() -> None:
    with OpenAIServer(silent_at_first) as server, connected_llm(f"{server.url}/v1", "") as http:
        assert straight(http, BODY) >= 1000 * SILENT_S


def test_a_refusal_is_no_measurement() -> None:
    with OpenAIServer(lambda reply: reply.refuse(400, "no")) as server, connected_llm(f"{server.url}/v1", "k") as http:
        with pytest.raises(NoAnswer):
            straight(http, BODY)
        assert server.headers[0]["Authorization"] == "Bearer k"


@pytest.mark.parametrize("exhibit_first", [True, False])
def test_both_ways_are_asked_whichever_comes_first(exhibit_first: bool) -> None:
    with (
        OpenAIServer(said("x")) as server,
        connected_llm(f"{server.url}/v1", "") as llm,
        exhibit(EVIDENCE, ("delta", {"text": "a"})) as http,
    ):
        one = pair(http, llm, "Why?", BODY, exhibit_first)
    assert one.retrieve_ms == 12.5
    assert one.straight_ms > 0
    assert server.requests == [BODY]


def test_the_recorder_passes_on_and_keeps_what_was_accepted() -> None:
    with OpenAIServer(said("a", "b")) as server, Recorder(f"{server.url}/v1") as recorder:
        with connected_llm(recorder.url, "secret") as http:
            assert http.get("models").json() == server.models
            assert recorder.accepted is None
            straight(http, BODY)
            assert recorder.accepted == BODY
            server.script = lambda reply: reply.refuse(400, "too long")
            recorder.accepted = None
            assert http.post("chat/completions", json=BODY).status_code == 400
            assert recorder.accepted is None
        assert httpx.Headers(server.headers[0])["authorization"] == "Bearer secret"
