"""Exhibit from Python: a typed client of the HTTP interface, for programs and for the command line.

    from app.client import Exhibit

    with Exhibit("http://127.0.0.1:8000") as exhibit:
        document = exhibit.upload("report.pdf")
        for now in exhibit.follow(document.id):
            print(now.status, f"{now.progress:.0%}")
        answer = exhibit.ask("What did the night boat cost in 2025?")
        print(answer.answer, [citation.quote for citation in answer.citations])

Results have the shapes of the HTTP interface (app/api/schemas.py). Errors: `Refused`, when the service answers
with a problem, and `Unreachable`, when it doesn't answer.
"""

from __future__ import annotations

import json
import mimetypes
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from app.api.schemas import (
    AnswerOut,
    CollectionOut,
    CollectionsOut,
    DocumentOut,
    DocumentsOut,
    EvidenceOut,
    SearchOut,
    UploadedOut,
    VerifyOut,
)
from app.client.connection import Connection, Refused, Unreachable, parsed, safe

__all__ = ["DEFAULT_URL", "FINISHED", "Exhibit", "Part", "Refused", "Unreachable"]

DEFAULT_URL = "http://127.0.0.1:8000"
FINISHED = frozenset({"ready", "partial", "failed", "cancelled"})
PAGE = 200  # documents of a list asked for at once
LOOK_EVERY_S = 0.5

Collections = str | Sequence[str]
Event = Sequence[EvidenceOut] | str | AnswerOut


@dataclass(frozen=True, slots=True)
class Part:
    """A file to send whose bytes are not, or not only, in a file on disk."""

    name: str
    content: bytes | IO[bytes]


class Exhibit:
    """One connection to a service; thread-safe. Closed by `close`, or as a context manager."""

    def __init__(self, url: str = DEFAULT_URL, key: str | None = None, timeout_s: float | None = 300.0) -> None:
        """`timeout_s`: the longest silence, not the longest answer; None waits for ever."""
        self.url = url.rstrip("/")
        self._service = Connection(self.url, key, timeout_s)

    def __enter__(self) -> Exhibit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._service.close()

    def ready(self) -> bool:
        return self._service.ready()

    # ------------------------------------------------------------ collections

    def collections(self) -> Iterator[CollectionOut]:
        for page in self._service.pages("/v1/collections", CollectionsOut, {}):
            yield from page.collections

    def collection(self, name: str) -> CollectionOut:
        return self._service.checked(CollectionOut, "GET", f"/v1/collections/{safe(name)}")

    def create_collection(self, name: str, metadata: Mapping[str, Any] | None = None) -> CollectionOut:
        """Raises Refused (409) when there is one of that name."""
        body = {"name": name, "metadata": dict(metadata or {})}
        return self._service.checked(CollectionOut, "POST", "/v1/collections", json=body)

    def ensure_collection(self, name: str) -> CollectionOut:
        """Creates it, unless it exists."""
        try:
            return self.collection(name)
        except Refused as error:
            if error.status != 404:
                raise
        try:
            return self.create_collection(name)
        except Refused as error:  # somebody was quicker
            if error.status != 409:
                raise
            return self.collection(name)

    def reindex(self, name: str, models: str | None = None) -> CollectionOut:
        """Starts to re-embed the collection with the models that the service runs: `reindex` of the collection has the
        progress, None if there is nothing to do. `models`: those that you expect; Refused if it runs others."""
        body = {"models": models}
        return self._service.checked(CollectionOut, "POST", f"/v1/collections/{safe(name)}/reindex", json=body)

    def delete_collection(self, name: str) -> None:
        self._service.send("DELETE", f"/v1/collections/{safe(name)}")

    # ------------------------------------------------------------ documents

    def upload(
        self,
        file: str | Path | Part,
        collection: str = "default",
        *,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        replaces: str | None = None,
    ) -> DocumentOut:
        """Streamed from disk. The document is queued when this returns; the same bytes in the same collection are
        known, and come back with `duplicate`. `replaces`: the id of the document that this is a new version of.
        Of an archive's many documents, the first: `upload_all` gives them all."""
        answer = self.upload_all(file, collection, name=name, metadata=metadata, replaces=replaces)
        return answer.documents[0]

    def upload_all(
        self,
        file: str | Path | Part,
        collection: str = "default",
        *,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        replaces: str | None = None,
    ) -> UploadedOut:
        """Every document that a file became: an e-mail and its attachments, an archive's members, and those that were
        refused. Raises Refused when nothing was taken in."""
        if isinstance(file, Part):
            return self._upload(file, collection, metadata, replaces)
        path = Path(file)
        with path.open("rb") as opened:
            return self._upload(Part(name or path.name, opened), collection, metadata, replaces)

    def documents(
        self,
        collection: str = "default",
        *,
        status: str | None = None,
        sha256: str | None = None,
        name: str | None = None,
    ) -> Iterator[DocumentOut]:
        """In order of arrival; `sha256` and `name` find a document by its bytes or its file name."""
        wanted = {"status": status, "sha256": sha256, "name": name, "limit": PAGE}
        for page in self._service.pages(f"/v1/collections/{safe(collection)}/documents", DocumentsOut, wanted):
            yield from page.documents

    def document(self, document_id: str) -> DocumentOut:
        return self._service.checked(DocumentOut, "GET", f"/v1/documents/{safe(document_id)}")

    def delete(self, document_id: str) -> None:
        """Searches no longer find it when this returns."""
        self._service.send("DELETE", f"/v1/documents/{safe(document_id)}")

    def cancel(self, document_id: str) -> DocumentOut:
        return self._service.checked(DocumentOut, "POST", f"/v1/documents/{safe(document_id)}/cancel")

    def retry(self, document_id: str) -> DocumentOut:
        return self._service.checked(DocumentOut, "POST", f"/v1/documents/{safe(document_id)}/retry")

    def follow(self, document_id: str) -> Iterator[DocumentOut]:
        """The document whenever something changed, until it is finished."""
        path = f"/v1/documents/{safe(document_id)}/events"
        for _, data in self._service.events("GET", path):
            yield parsed(DocumentOut, data)

    def wait(self, document_ids: Iterable[str], timeout_s: float | None = None) -> Iterator[DocumentOut]:
        """Each of them as it is finished. Raises TimeoutError."""
        waiting = list(dict.fromkeys(document_ids))
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while waiting:
            for document_id in list(waiting):
                document = self.document(document_id)
                if document.status in FINISHED:
                    waiting.remove(document_id)
                    yield document
            if waiting and deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting)} documents were not finished after {timeout_s:.0f} s")
            time.sleep(LOOK_EVERY_S if waiting else 0)

    def original(self, document_id: str) -> bytes:
        return self._service.send("GET", f"/v1/documents/{safe(document_id)}/file").content

    def page_image(self, document_id: str, page: int, evidence_id: str | None = None) -> bytes:
        """With `evidence_id`, that evidence's regions are drawn."""
        wanted = {"evidence": evidence_id} if evidence_id else {}
        return self._service.send("GET", f"/v1/documents/{safe(document_id)}/pages/{page}", params=wanted).content

    # ------------------------------------------------------------ searching and asking

    def search(
        self,
        query: str = "",
        collection: Collections = "default",
        *,
        image: str | None = None,
        top_k: int = 8,
        kinds: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,
    ) -> list[EvidenceOut]:
        """`image`: a data URL."""
        return self.found(query, collection, image=image, top_k=top_k, kinds=kinds, filter=filter).evidence

    def found(
        self,
        query: str = "",
        collection: Collections = "default",
        *,
        image: str | None = None,
        top_k: int = 8,
        kinds: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,
    ) -> SearchOut:
        """As `search`, with notices and the trace's id."""
        body = _scope(collection, top_k, kinds, filter) | {"query": query}
        if image is not None:
            body["image"] = image
        return self._service.checked(SearchOut, "POST", "/v1/search", json=body)

    def ask(
        self,
        question: str | Sequence[Mapping[str, Any]],
        collection: Collections = "default",
        *,
        top_k: int = 8,
        kinds: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,
    ) -> AnswerOut:
        """`question`: the question, or messages as OpenAI's protocol has them."""
        body = _scope(collection, top_k, kinds, filter) | {"messages": _messages(question)}
        return self._service.checked(AnswerOut, "POST", "/v1/chat", json=body)

    def ask_streamed(
        self,
        question: str | Sequence[Mapping[str, Any]],
        collection: Collections = "default",
        *,
        top_k: int = 8,
        kinds: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,
    ) -> Iterator[Event]:
        """First the evidence, then the answer's text piece by piece, at the end the whole answer."""
        body = _scope(collection, top_k, kinds, filter) | {"messages": _messages(question), "stream": True}
        for event, data in self._service.events("POST", "/v1/chat", json=body):
            if event == "evidence":
                yield parsed(SearchOut, data).evidence
            elif event == "delta":
                yield str(data["text"])
            elif event == "answer":
                yield parsed(AnswerOut, data)

    # ------------------------------------------------------------ looking after it

    def verify(self, *, repair: bool = False, compact: bool = False) -> VerifyOut:
        """Compares everything that is stored; takes minutes for a large library, so give the client time."""
        return self._service.checked(VerifyOut, "POST", "/v1/admin/verify", json={"repair": repair, "compact": compact})

    # ------------------------------------------------------------ parts

    def _upload(
        self, part: Part, collection: str, metadata: Mapping[str, Any] | None, replaces: str | None
    ) -> UploadedOut:
        media_type = mimetypes.guess_type(part.name)[0] or "application/octet-stream"
        return self._service.checked(
            UploadedOut,
            "POST",
            f"/v1/collections/{safe(collection)}/documents",
            params={"replaces": replaces} if replaces else {},
            data={"metadata": json.dumps(metadata)} if metadata else {},
            files={"file": (part.name, part.content, media_type)},
        )


def _scope(
    collection: Collections, top_k: int, kinds: Sequence[str], filter: Mapping[str, Any] | None
) -> dict[str, Any]:
    names = collection if isinstance(collection, str) else list(collection)
    body: dict[str, Any] = {"collection": names, "top_k": top_k, "kinds": list(kinds)}
    return body if filter is None else body | {"filter": dict(filter)}


def _messages(question: str | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if isinstance(question, str):
        return [{"role": "user", "content": question}]
    return [dict(message) for message in question]
