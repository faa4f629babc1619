"""`python -m lab.bench.first_token --llm-url URL [--pairs 20]`: how much later the first token of an answer comes
through Exhibit than directly from the same server, for the same messages.

The documents of a folder are taken in, and each of its questions is asked once through a recorder that keeps the
messages Exhibit sends. Then the recorder is gone, and each pair is a question through Exhibit's chat stream and its
recorded messages straight to the server, taking turns to be first. Both have been asked before, so both find their
prompt in the server's prefix cache, and the difference is Exhibit's. The time of retrieval is in the question's trace,
and is subtracted.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from evaluation.client import Client, RequestRefused, checked
from evaluation.machine import in_words, machine
from evaluation.questions import BadFolder, load_folder
from evaluation.service import ROOT, DidNotStart, running_service
from evaluation.tables import table
from lab.bench.recorder import Recorder

COLLECTION = "default"
TARGET_MS = 25.0
TAKING_IN_S = 1_200.0
QUIET_S = 0.1  # before each request, for the server to end what was hung up on

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    exhibit_ms: float  # from the request to the first word
    retrieve_ms: float  # of these
    straight_ms: float

    @property
    def without_retrieval_ms(self) -> float:
        return self.exhibit_ms - self.retrieve_ms

    @property
    def beyond_ms(self) -> float:
        return self.without_retrieval_ms - self.straight_ms


class NoAnswer(Exception):
    """A stream ended without an answer."""


# ---------------------------------------------------------------- one request


def through_exhibit(http: httpx.Client, question: str) -> tuple[float, float]:
    """Milliseconds to the first word, and those of retrieval, as the trace has them; the rest is not waited for."""
    first_ms, trace_id = _first_word(http, question)
    trace = checked(http.get(f"/v1/traces/{trace_id}"))
    return first_ms, float(trace["timings_ms"]["retrieve"])


def _first_word(http: httpx.Client, question: str) -> tuple[float, str]:
    body = {"collection": COLLECTION, "messages": [{"role": "user", "content": question}], "stream": True}
    began, trace_id = time.perf_counter(), ""
    with http.stream("POST", "/v1/chat", json=body) as reply:
        for name, data in _events(reply):
            if name == "evidence":
                trace_id = data["trace_id"]
            if name == "delta":
                return _since(began), trace_id
    raise NoAnswer(f"Exhibit said nothing to: {question}")


def straight(http: httpx.Client, body: Json) -> float:
    """Milliseconds to the first word; the rest is not waited for."""
    began = time.perf_counter()
    with http.stream("POST", "chat/completions", json=body) as reply:
        for _, data in _events(reply):
            if any((choice.get("delta") or {}).get("content") for choice in data.get("choices", ())):
                return _since(began)
    raise NoAnswer(f"the language model's server said nothing ({reply.status_code})")


def _events(reply: httpx.Response) -> Iterator[tuple[str, Json]]:
    name = ""
    for line in reply.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data" and value != "[DONE]":
            yield name, json.loads(value)


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


# ---------------------------------------------------------------- all of them


def measured(llm: httpx.Client, folder: Path, count: int, settings: Mapping[str, str]) -> list[Pair]:
    """`settings` name the language model. Raises BadFolder, DidNotStart, NoAnswer, RequestRefused."""
    with tempfile.TemporaryDirectory(prefix="exhibit-first-token-") as scratch:
        data = Path(scratch) / "data"
        bodies = recorded(str(llm.base_url), folder, data, settings, most=count)
        with running_service(data, settings) as service, httpx.Client(base_url=service.url, timeout=300) as exhibit:
            for question, body in bodies.items():  # as it will be asked, once
                through_exhibit(exhibit, question)
                straight(llm, body)
            asked = islice(cycle(bodies.items()), count)
            return [pair(exhibit, llm, *each, exhibit_first=n % 2 == 0) for n, each in enumerate(asked)]


def recorded(url: str, folder: Path, data: Path, settings: Mapping[str, str], most: int) -> dict[str, Json]:
    """What Exhibit sends for the first questions, those of them that reach the language model."""
    questions = load_folder(folder, data.parent)
    bodies: dict[str, Json] = {}
    with Recorder(url) as recorder:
        through = {**settings, "EXHIBIT_LLM__URL": recorder.url, "EXHIBIT_LLM__DESCRIBES": "false"}
        with running_service(data, through) as service, httpx.Client(base_url=service.url, timeout=300) as exhibit:
            taken_in = Client(exhibit, COLLECTION)
            taken_in.wait([taken_in.upload(path)["id"] for path in questions.documents], TAKING_IN_S)
            for question in questions.answerable[:most]:
                recorder.accepted = None
                through_exhibit(exhibit, question.text)
                if recorder.accepted is not None:
                    bodies[question.text] = {**recorder.accepted, "stream": True}
    if not bodies:
        raise NoAnswer("no question reached the language model")
    return bodies


def pair(exhibit: httpx.Client, llm: httpx.Client, question: str, body: Json, exhibit_first: bool) -> Pair:
    time.sleep(QUIET_S)
    straight_ms = None if exhibit_first else straight(llm, body)
    time.sleep(QUIET_S)
    exhibit_ms, retrieve_ms = through_exhibit(exhibit, question)
    time.sleep(QUIET_S)
    return Pair(exhibit_ms, retrieve_ms, straight(llm, body) if straight_ms is None else straight_ms)


# ---------------------------------------------------------------- telling


def told(pairs: Sequence[Pair]) -> str:
    rows = [
        ["first token, median", "ms"],
        ["through Exhibit", f"{median(pair.exhibit_ms for pair in pairs):.1f}"],
        ["of that, retrieval", f"{median(pair.retrieve_ms for pair in pairs):.1f}"],
        ["through Exhibit, without retrieval", f"{median(pair.without_retrieval_ms for pair in pairs):.1f}"],
        ["straight from the server", f"{median(pair.straight_ms for pair in pairs):.1f}"],
        ["difference of these medians", f"{difference_ms(pairs):.1f}"],
        ["median of the pairs' differences", f"{median(pair.beyond_ms for pair in pairs):.1f}"],
    ]
    return f"{table(rows)}\n\n{len(pairs)} pairs; the aim is a difference of at most {TARGET_MS:g} ms."


def difference_ms(pairs: Sequence[Pair]) -> float:
    return median(pair.without_retrieval_ms for pair in pairs) - median(pair.straight_ms for pair in pairs)


def connected_llm(url: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=url.rstrip("/"), headers={"Authorization": f"Bearer {key or 'none'}"}, timeout=300)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.bench.first_token", description=__doc__)
    parser.add_argument("--llm-url", required=True, help="of an OpenAI-compatible server, with /v1")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--data", type=Path, default=ROOT / "samples", help="folder with documents and questions.jsonl")
    options = parser.parse_args()
    try:
        with connected_llm(options.llm_url, os.environ.get("EXHIBIT_LLM__API_KEY", "")) as llm:
            pairs = measured(llm, options.data, options.pairs, {"EXHIBIT_LLM__URL": options.llm_url})
    except (BadFolder, DidNotStart, NoAnswer, RequestRefused, httpx.HTTPError) as error:
        print(f"first_token: {error}", file=sys.stderr)
        return 1
    print(f"{told(pairs)}\n\n{in_words(machine())}\n$ python -m lab.bench.first_token {shlex.join(sys.argv[1:])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
