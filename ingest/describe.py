"""Has a vision model describe figures, tables and pages without text; its words are kept apart from the document's.

Asked through the same port as for answers, a few at a time. A description is kept by the hash of what was shown, the
model and the prompt's version, in the document's own folder: a retry asks for what is missing alone, and nothing of a
deleted document stays.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace

from domain import blob_keys
from domain.answers import ImagePart
from domain.chunk_ids import chunk_id
from domain.documents import Box, Chunk, Document, PageReport, Region
from domain.errors import ExhibitError, Missing, ModelUnavailable, TooLarge, TooManyImages, Unreadable
from domain.ports import Blobs, Generator
from prompts.describe import build, harmless, version

log = logging.getLogger(__name__)

AT_ONCE = 4  # questions to the model at the same time, of one document
GROUP = 16  # things described in one step
MOST = 400  # descriptions of one document, in reading order
MOST_TABLES = 60  # a workbook has thousands of pieces of table
PAGED = "application/pdf"  # pages of other kinds are pictures already, or can't be drawn
TEXTLESS = frozenset({"ocr", "empty", "failed"})
PAGE_ORDINALS = 10_000_000  # where the ordinals of described pages begin

Store = Callable[[str, bytes], Awaitable[None]]
Render = Callable[[Document, int, Sequence[Box]], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Description:
    text: str
    model: str
    crop: str | None = None  # blob key of a page's picture, which no chunk had before


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be described: a chunk, or (None) a page without text."""

    chunk: Chunk | None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """The result of a group: chunks with their new descriptions, and why the others have none."""

    chunks: tuple[Chunk, ...]
    pages: tuple[Chunk, ...]
    failure: str | None = None
    later: bool = False  # the model can't be reached


def targets(document: Document, chunks: Sequence[Chunk], report: Sequence[PageReport]) -> list[Target]:
    """The same in each run: targets that are described already are among them."""
    pictures = [Target(chunk) for chunk in chunks if chunk.kind in ("figure", "image") and chunk.image]
    tables = [Target(chunk) for chunk in chunks if chunk.kind == "table"][:MOST_TABLES]
    textless = [page.page for page in report if page.read_as in TEXTLESS and document.media_type == PAGED]
    return [*(Target(None, page) for page in textless), *pictures, *tables][:MOST]


class Describer:
    """`insists`: whether somebody asked for descriptions, so that a model which sees no pictures is a problem."""

    def __init__(self, generator: Generator, blobs: Blobs, render: Render, insists: bool = False) -> None:
        self._generator = generator
        self._blobs = blobs
        self._render = render
        self._insists = insists
        self._blind = False  # the model takes no images

    async def describe(self, document: Document, group: Sequence[Target], batch: int, store: Store) -> Described:
        """Pages become chunks of this batch. Never raises for what the model or a picture does. `store` writes a blob
        as long as the document is wanted."""
        gate = asyncio.Semaphore(AT_ONCE)
        failures, away = list[str](), list[bool]()

        async def one(target: Target) -> Description | None:
            async with gate:
                if failures:
                    return None  # a server that is gone is not asked for each picture again
                try:
                    return await self._one(document, target, store)
                except TooManyImages as error:
                    self._blind = self._blind or error.limit == 0
                    failures.extend([str(error)] if self._insists or error.limit != 0 else [])
                except (Unreadable, Missing, TooLarge) as error:  # this one's own fault
                    log.info("not described", extra={"document": document.id, "why": str(error)})
                except ModelUnavailable as error:
                    failures.append(str(error))
                    away.append(error.part is not None)
                except ExhibitError as error:
                    failures.append(str(error))
            return None

        found = await asyncio.gather(*map(one, group))
        told = [(target, description) for target, description in zip(group, found, strict=True) if description]
        return Described(
            tuple(with_description(target.chunk, description) for target, description in told if target.chunk),
            tuple(page_chunk(document, target.page, batch, said) for target, said in told if target.page is not None),
            failures[0] if failures and not any(away) else None,
            later=any(away),
        )

    async def _one(self, document: Document, target: Target, store: Store) -> Description | None:
        """None when there is nothing to say, or the model sees no pictures."""
        chunk = target.chunk
        image = await self._image(document, target)
        if (image is not None and self._blind) or (image is None and chunk is None):
            return None
        words = "" if chunk is None else chunk.text
        key = self._key(document, words, image)
        if (kept := await asyncio.to_thread(self._kept, key)) is not None:
            return kept
        text = harmless(await self._asked(words, image))
        if not text:
            return None
        crop = await _crop(document, image, store) if chunk is None else None
        description = Description(text, self._generator.model, crop)
        key = self._key(document, words, image)  # again: the server may have named its model only now
        await store(key, json.dumps(asdict(description)).encode())
        return description

    async def _asked(self, words: str, image: bytes | None) -> str:
        media_type = "image/jpeg" if image is not None and image.startswith(b"\xff\xd8") else "image/png"
        prompt = build(words, None if image is None else ImagePart(image, media_type))
        return "".join([delta.text async for delta in self._generator.generate(prompt)])

    async def _image(self, document: Document, target: Target) -> bytes | None:
        if target.page is not None:
            return await self._render(document, target.page, ())
        if target.chunk is None or target.chunk.image is None:
            return None
        return await asyncio.to_thread(self._blobs.read, target.chunk.image)

    def _key(self, document: Document, words: str, image: bytes | None) -> str:
        shown = hashlib.sha256(image or b"")
        for part in (words, self._generator.model, version()):
            shown.update(b"\0" + part.encode("utf-8", "replace"))
        return blob_keys.caption(document.id, shown.hexdigest())

    def _kept(self, key: str) -> Description | None:
        if not self._blobs.exists(key):
            return None
        return Description(**json.loads(self._blobs.read(key)))


async def _crop(document: Document, image: bytes | None, store: Store) -> str | None:
    if image is None:
        return None
    key = blob_keys.crop(document.id, image)
    await store(key, image)
    return key


def with_description(chunk: Chunk, said: Description) -> Chunk:
    """The chunk is then found by the model's words too; only the document's own are quoted. May be applied twice."""
    search_text = f"{chunk.own_search_text}\n{said.text}"
    return replace(chunk, description=said.text, described_by=said.model, search_text=search_text)


def page_chunk(document: Document, page: int, batch: int, said: Description) -> Chunk:
    """A chunk for a page with little or no text, found by its description."""
    title = document.title or document.name
    return Chunk(
        id=chunk_id(document.id, hashlib.sha256(f"page {page}".encode()).hexdigest()[:16]),
        document_id=document.id,
        ordinal=PAGE_ORDINALS + page,
        kind="page",
        text="",
        search_text=f"{title}\n{said.text}",
        page=page,
        regions=(Region(page, Box(0.0, 0.0, 1.0, 1.0)),),
        image=said.crop,
        batch=batch,
        description=said.text,
        described_by=said.model,
    )
