"""From drafts to chunks: ordinals, ids, and the text that is searched."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from domain.blob_keys import digest_of_crop
from domain.chunk_ids import chunk_id
from domain.documents import Chunk, Document
from domain.parsed import ParsedPage
from ingest.chunk.blocks import Blocks
from ingest.chunk.drafts import Draft
from ingest.parse.tables import unruled

PICTURES = frozenset({"figure", "image"})
ROOM = 1000  # ordinals kept for a page, or a picture file, that is still to be read
MAX_TITLE, MAX_HEADINGS = 100, 100  # characters of context


@dataclass(frozen=True, slots=True)
class Numbered:
    ordinal: int
    pictured: bool  # made of a picture, or of the words in one
    draft: Draft


def numbered(page: ParsedPage, drafts: Iterable[tuple[int, Draft]], first: int) -> tuple[list[Numbered], int]:
    """Gives each draft its ordinal, the same before and after pictures are recognised. Also returns the first ordinal
    of the next page."""
    made: list[Numbered] = []
    ordinal, of_picture, room_ends = first, -1, first
    for index, draft in drafts:
        kind = page.blocks[index].kind
        if kind not in PICTURES:
            ordinal = max(ordinal, room_ends)
            made.append(Numbered(ordinal, False, draft))
            ordinal += 1
            continue
        if index != of_picture:
            of_picture, ordinal = index, max(ordinal, room_ends)
            room_ends = ordinal + ROOM
        made.append(Numbered(ordinal, True, draft))
        ordinal += 1
    return made, max(ordinal, room_ends)


def title_of(document: Document) -> str:
    """The name of a document: its file's name, and its own title where that says more."""
    stem = " ".join(re.sub(r"[_\-+.]+", " ", PurePath(document.name).stem).split())
    title = " ".join((document.title or "").split())
    if title and title.casefold() not in stem.casefold() and stem.casefold() not in title.casefold():
        return f"{stem}: {title}"[:MAX_TITLE]
    return max(stem, title, key=len)[:MAX_TITLE]


@dataclass(slots=True)
class Maker:
    """Makes the chunks of one batch."""

    document: Document
    batch: int
    blocks: Blocks

    def chunks(self, numbered: Iterable[Numbered], seen: Counter[str] | None = None) -> list[Chunk]:
        """`seen`: how often each content was met on the page so far."""
        counts = Counter[str]() if seen is None else seen
        return [self._chunk(one, counts) for one in numbered]

    def pictures(self, numbered: Sequence[Numbered]) -> list[Chunk]:
        """The chunks of pictures, on a page whose text was split before. Its text is counted first, as it was then."""
        seen = Counter[str]()
        self.chunks([one for one in numbered if not one.pictured], seen)
        return self.chunks([one for one in numbered if one.pictured], seen)

    def _chunk(self, one: Numbered, seen: Counter[str]) -> Chunk:
        draft = one.draft
        headings = " › ".join(draft.headings[-3:])[-MAX_HEADINGS:]
        text = unruled(draft.text) if draft.kind == "table" else draft.text
        search_text = "\n".join(part for part in (title_of(self.document), headings, text, *draft.about) if part)
        return Chunk(
            id=chunk_id(self.document.id, _digest(draft, seen)),
            document_id=self.document.id,
            ordinal=one.ordinal,
            kind=draft.kind,
            text=draft.text,
            search_text=search_text,
            page=draft.page,
            regions=draft.regions,
            place=draft.place,
            image=draft.image,
            batch=self.batch,
        )


def _digest(draft: Draft, seen: Counter[str]) -> str:
    """The digest of the content, and of how often it was met on the page. Of a crop, only the digest in its key counts:
    the rest of the key names the document, and would tell equal content of two documents apart."""
    crop = digest_of_crop(draft.image)
    content = "\x1f".join([draft.kind, str(draft.page), draft.text, crop])
    seen[content] += 1
    return hashlib.sha256(f"{content}\x1f{seen[content]}".encode(errors="surrogatepass")).hexdigest()[:16]
