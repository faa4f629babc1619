"""The part of the public HTTP API that measuring needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]
MOST_LOOKS_A_S = 20  # between looks at unfinished documents: each look costs the service some milliseconds
FINISHED = frozenset({"ready", "partial", "failed", "cancelled"})


class RequestRefused(Exception):
    """The service answered with a problem; the message says which."""


class Client:
    def __init__(self, http: httpx.Client, collection: str) -> None:
        self._http, self._collection = http, collection

    def create_collection(self) -> None:
        """Makes the collection, unless it is there."""
        reply = self._http.post("/v1/collections", json={"name": self._collection})
        if reply.status_code != 409:
            checked(reply)

    def upload(self, path: Path) -> Json:
        with path.open("rb") as file:
            reply = self._http.post(f"/v1/collections/{self._collection}/documents", files={"file": (path.name, file)})
        body = checked(reply)
        document: Json = body["documents"][0]
        return document

    def document(self, document_id: str) -> Json:
        return checked(self._http.get(f"/v1/documents/{document_id}"))

    def wait(
        self,
        ids: Iterable[str],
        timeout_s: float,
        finished: Callable[[Json], None] = lambda document: None,
        findable: Callable[[Json], None] = lambda document: None,
    ) -> dict[str, Json]:
        """Waits until all these documents are finished, and returns them by id. Reports when the text of each can be
        found, and when each is finished."""
        waiting, done, found = set(ids), {}, set()
        deadline = time.monotonic() + timeout_s
        while waiting:
            for document_id in sorted(waiting):
                document = self.document(document_id)
                if document.get("findable") and document_id not in found:
                    found.add(document_id)
                    findable(document)
                if document["status"] in FINISHED:
                    done[document_id] = document
                    finished(document)
            waiting -= set(done)
            if waiting and time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting)} documents were not finished after {timeout_s:.0f} s")
            if waiting:
                time.sleep(max(0.2, len(waiting) / MOST_LOOKS_A_S))
        return done

    def search(self, query: str, top_k: int, document_ids: Iterable[str] = ()) -> list[Json]:
        body: Json = {"collection": self._collection, "query": query, "top_k": top_k}
        if ids := list(document_ids):
            body["filter"] = {"document": ids}
        evidence: list[Json] = checked(self._http.post("/v1/search", json=body))["evidence"]
        return evidence

    def chat(self, question: str) -> Json:
        body = {"collection": self._collection, "messages": [{"role": "user", "content": question}]}
        return checked(self._http.post("/v1/chat", json=body))

    def condensed(self, earlier: str, question: str) -> str:
        """What the service searches for when this question follows that one."""
        messages = [{"role": "user", "content": earlier}, {"role": "assistant", "content": "…"}]
        body = {"collection": self._collection, "messages": [*messages, {"role": "user", "content": question}]}
        trace_id = checked(self._http.post("/v1/chat", json=body | {"top_k": 1}))["trace_id"]
        searched: str = checked(self._http.get(f"/v1/traces/{trace_id}"))["query"]["searched"]
        return searched


@contextmanager
def connected(url: str, collection: str, key: str = "") -> Iterator[Client]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=httpx.Timeout(300, connect=10)) as http:
        yield Client(http, collection)


def checked(reply: httpx.Response) -> Json:
    if not reply.is_success:
        raise RequestRefused(f"{reply.request.method} {reply.request.url.path}: {reply.status_code} {reply.text[:500]}")
    body: Json = reply.json()
    return body
