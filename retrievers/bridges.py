"""Sources of evidence for the bridges to other frameworks: the service's own search, or a running service over HTTP.

from retrievers.bridges import OverHttp
from retrievers.langchain_bridge import ExhibitRetriever  # or llamaindex_bridge: the same name, that framework's type

source = OverHttp("http://127.0.0.1:8000", collection="default", top_k=8)
documents = ExhibitRetriever(source=source).invoke("What does the lantern burn?")
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import httpx

from domain.errors import BadRequest, Unavailable
from domain.evidence import Evidence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FoundPiece:
    """A piece of evidence, in the words of the HTTP interface."""

    text: str
    score: float
    metadata: Mapping[str, Any]
    image: bytes | None = None

    @property
    def id(self) -> str:
        return str(self.metadata["id"])


class Source(Protocol):
    """Where evidence comes from. `image`: pixels to search by."""

    async def pieces(self, query: str, image: bytes | None = None) -> Sequence[FoundPiece]: ...


# ---------------------------------------------------------------- in process


Search = Callable[[str, bytes | None], Awaitable[Sequence[Evidence]]]


@dataclass(frozen=True, slots=True)
class InProcess:
    """Over the service's own search, by a function of query and picture: `lambda text, image: …evidence`."""

    search: Search
    read: Callable[[str], bytes] | None = None  # the pixels under a blob key; None: pictures stay addresses

    async def pieces(self, query: str, image: bytes | None = None) -> Sequence[FoundPiece]:
        return [await self._piece(one) for one in await self.search(query, image)]

    async def _piece(self, one: Evidence) -> FoundPiece:
        key = one.chunk.image
        image = await asyncio.to_thread(self.read, key) if key is not None and self.read is not None else None
        return FoundPiece(one.chunk.text, one.score, _metadata(one), image)


def _metadata(one: Evidence) -> dict[str, Any]:
    chunk, paged = one.chunk, one.chunk.page is not None
    place = chunk.place
    return {
        "id": chunk.id,
        "document_id": chunk.document_id,
        "document": one.document.name,
        "kind": chunk.kind,
        "page": chunk.page,
        "regions": [{"page": r.page, "box": [r.box.x0, r.box.y0, r.box.x1, r.box.y1]} for r in chunk.regions],
        "place": None if place is None else {"heading": list(place.heading), "sheet": place.sheet, "rows": place.rows},
        "image_url": f"/v1/evidence/{chunk.id}/image" if chunk.image or paged else None,
        "page_url": f"/v1/documents/{chunk.document_id}/pages/{chunk.page}?evidence={chunk.id}" if paged else None,
        "found_by": list(one.ranks),
    }


# ---------------------------------------------------------------- over HTTP


@dataclass(frozen=True, slots=True)
class OverHttp:
    """Over a running service. Raises BadRequest (what it refuses) and Unavailable."""

    url: str
    collection: str | Sequence[str] = "default"
    top_k: int = 8
    kinds: Sequence[str] = ()
    filter: Mapping[str, Any] | None = None
    api_key: str = field(default="", repr=False)
    pictures: bool = False  # whether pixels are fetched too
    timeout_s: float = 60.0

    async def pieces(self, query: str, image: bytes | None = None) -> Sequence[FoundPiece]:
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        base = self.url.rstrip("/")
        try:
            async with httpx.AsyncClient(base_url=base, headers=headers, timeout=self.timeout_s) as http:
                answer = await http.post("/v1/search", json=self._body(query, image))
                _checked(answer)
                return [await self._piece(http, base, one) for one in answer.json()["evidence"]]
        except httpx.HTTPError as error:
            raise Unavailable(f"Exhibit can't be reached at {base}: {error}") from error

    def _body(self, query: str, image: bytes | None) -> dict[str, Any]:
        collection = self.collection if isinstance(self.collection, str) else list(self.collection)
        body: dict[str, Any] = {"collection": collection, "query": query, "top_k": self.top_k}
        if self.kinds:
            body["kinds"] = list(self.kinds)
        if self.filter is not None:
            body["filter"] = dict(self.filter)
        if image is not None:
            body["image"] = f"data:image/png;base64,{base64.b64encode(image).decode()}"
        return body

    async def _piece(self, http: httpx.AsyncClient, base: str, one: dict[str, Any]) -> FoundPiece:
        metadata = {name: value for name, value in one.items() if name not in ("text", "score")}
        pixels = None
        if self.pictures and one["kind"] in ("figure", "image") and one["image_url"]:
            answer = await http.get(one["image_url"])
            pixels = answer.content if answer.is_success else None  # deleted since it was found
        for name in ("image_url", "page_url"):
            if metadata.get(name):
                metadata[name] = f"{base}{metadata[name]}"
        return FoundPiece(one["text"], one["score"], metadata, pixels)


def _checked(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"Exhibit answered {answer.status_code}."
    raise BadRequest(detail) if answer.status_code < 500 else Unavailable(detail)


# ---------------------------------------------------------------- what both bridges share


def pixels_of(one: FoundPiece) -> dict[str, str]:
    """The pixels in base64, if they were fetched."""
    return {"image": base64.b64encode(one.image).decode("ascii")} if one.image is not None else {}


def run(work: Coroutine[Any, Any, T]) -> T:
    """Works inside a running event loop too, where a framework calls its synchronous method (as notebooks do)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
