"""Answers questions about the library from the catalogue: how many documents, which, and which mention something."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from domain.answers import Answer, Citation, Claim
from domain.documents import Document, Place, Status
from domain.evidence import Evidence
from domain.ports import Chunks, Documents
from domain.question import Intent, Wording
from domain.searches import Query
from ingest.outline import outline_id
from ingest.parse.formats import noun_of, nouns_asked_for
from ingest.parse.nouns import Noun
from language.scripts import has_cjk
from language.sentences import spans
from language.terms import terms
from prompts.markers import quote_for
from retrievers.filters import parse, possible
from retrievers.hydrated import Joined

MODEL = "exhibit-catalogue"
MOST_LISTED = 20  # documents named in an answer, each with its citation
MOST_OUTLINES = 8
BEGINS = 3  # chunks that show how a document begins
MOST_MENTIONS = 400  # passages looked through for a mention
PAGE = 200  # documents in one read of the catalogue

DOCUMENT = Noun("document", "文件")
_GENERIC = frozenset(terms("the a document file report paper pdf presentation slides handbook notes text"))


@dataclass(frozen=True, slots=True)
class Item:
    """A document in an answer: what is said of it, and what is cited for that."""

    words: str
    evidence: Evidence | None
    quote: str = ""


class Librarian:
    def __init__(
        self, documents: Documents, chunks: Chunks, by_words: Joined, now: Callable[[], datetime] | None = None
    ) -> None:
        self._documents = documents
        self._chunks = chunks
        self._by_words = by_words
        self._now = now or (lambda: datetime.now(UTC))

    async def meant(self, query: Query) -> tuple[Document, ...]:
        """The documents that a question about whole documents means; none: it is an ordinary question."""
        documents = await self._findable(query)
        about = query.question.intent.about
        return _named(about, documents) if about else documents

    async def outlines(self, documents: Sequence[Document], fuller: bool = False) -> tuple[Evidence, ...]:
        """The outlines of these documents; for a document without one, its first chunk. `fuller`: adds the first chunks
        where the outline is only a name, as when the words were recognised from pictures later."""
        wanted = [document for document in documents if document.findable][:MOST_OUTLINES]
        known = {one.document.id: one for one in await self._standing([outline_id(one.id) for one in wanted], wanted)}
        pieces: list[Evidence] = []
        for document in wanted:
            outline = known.get(document.id)
            pieces += [outline] if outline is not None else []
            if outline is None or (fuller and "\n" not in outline.chunk.text):
                begins = await asyncio.to_thread(self._chunks.of_document, document.id, -1, BEGINS if fuller else 1)
                pieces += await self._standing([chunk.id for chunk in begins], [document])
        return tuple(pieces)

    async def _standing(self, ids: Sequence[str], documents: Sequence[Document]) -> tuple[Evidence, ...]:
        collections = {document.collection_id for document in documents}
        return await asyncio.to_thread(self._chunks.evidence, ids, collections)

    async def told(self, query: Query) -> Answer | None:
        """The answer to a question about the library; None: it is an ordinary question."""
        intent, chinese = query.question.intent, query.question.chinese
        match intent.sort:
            case "mention":
                return await self._mentions(intent, query, chinese)
            case "pages":
                return await self._pages(intent, query, chinese)
            case "extreme":
                return await self._extreme(intent, query, chinese)
            case "count" | "list":
                return await self._listed(intent, query, chinese)
        return None

    # ------------------------------------------------------------ the kinds of question

    async def _listed(self, intent: Intent, query: Query, chinese: bool) -> Answer:
        documents = [one for one in await self._all(intent, query) if self._fits(intent, one)]
        where = _where(query, chinese)
        head = _counted(documents, intent, where, chinese)
        if not intent.type and len(documents) > 1:
            head += _by_type(documents, chinese)
        items = await self._items(documents, chinese)
        return _answer(head, items, len(documents), chinese, show=intent.sort == "list" or len(documents) <= 3)

    async def _mentions(self, intent: Intent, query: Query, chinese: bool) -> Answer:
        found = await self._by_words.search(_words_of(query, intent.about), MOST_MENTIONS)
        best: dict[str, Evidence] = {}
        for one in found.evidence:
            fits = self._fits(replace(intent, since="", status=""), one.document)
            if fits and one.document.id not in best and mentions(intent.about, one.chunk.text):
                best[one.document.id] = one
        items = [Item(_named_place(one, chinese), one, _quote(intent.about, one)) for one in best.values()]
        if not items:
            head = f"没有文件提到“{intent.about}”。" if chinese else f"No document mentions “{intent.about}”."
            nearest = tuple(found.evidence[:3])
            missing = query.question.asked.text
            return replace(
                _answer(head, [], 0, chinese),
                verdict="abstained",
                nearest=nearest,
                missing=missing,
                abstained_because="absent",
            )
        n = len(items)
        if chinese:
            head = f"有 {n} 个文件提到“{intent.about}”。"
        else:
            head = f"{n} document{'s' if n > 1 else ''} mention{'' if n > 1 else 's'} “{intent.about}”."
        return _answer(head, items, n, chinese, show=True)

    async def _pages(self, intent: Intent, query: Query, chinese: bool) -> Answer | None:
        documents = await self._findable(query)
        if intent.about:
            documents = _named(intent.about, documents)
        if not documents:
            return None
        if intent.about or len(documents) == 1:
            return _answer("", await self._items(documents, chinese), len(documents), chinese, show=True)
        paged = [one for one in documents if one.pages is not None]
        pages = sum(one.pages or 0 for one in paged)
        if chinese:
            head = f"{len(paged)} 个文件共有 {pages} 页。"
        else:
            have = "document has" if len(paged) == 1 else "documents have"
            head = f"{len(paged)} {have} {pages} page{'s' if pages != 1 else ''} in all."
        return _answer(head, await self._items(paged, chinese), len(paged), chinese)

    async def _extreme(self, intent: Intent, query: Query, chinese: bool) -> Answer | None:
        documents = [one for one in await self._findable(query) if self._fits(intent, one)]
        measure: Callable[[Document], float] = {
            "newest": lambda one: one.created_at.timestamp(),
            "oldest": lambda one: -one.created_at.timestamp(),
            "longest": lambda one: one.pages or 0,
            "shortest": lambda one: -(one.pages or 10**9),
            "largest": lambda one: one.size,
            "smallest": lambda one: -one.size,
        }[intent.which]
        if not documents:
            return None
        return _answer("", await self._items([max(documents, key=measure)], chinese), 1, chinese, show=True)

    # ------------------------------------------------------------ documents

    async def _findable(self, query: Query) -> tuple[Document, ...]:
        ids = [collection.id for collection in query.collections]
        documents = await asyncio.to_thread(self._documents.findable, ids)
        return tuple(one for one in documents if query.documents is None or one.id in query.documents)

    async def _all(self, intent: Intent, query: Query) -> Sequence[Document]:
        """Documents of the status asked for; without one, those that can be found."""
        if intent.status in ("", "ready"):
            return await self._findable(query)
        condition = None if query.where is None else parse(query.where)
        status: Status = intent.status  # type: ignore[assignment]
        found: list[Document] = []
        for collection in query.collections:
            cursor: str | None = None
            while True:
                page = await asyncio.to_thread(self._documents.page, collection.id, status, PAGE, cursor)
                found += [one for one in page.items if condition is None or possible(condition, one)]
                cursor = page.next_cursor
                if cursor is None:
                    break
        return found

    def _fits(self, intent: Intent, document: Document) -> bool:
        if intent.type and noun_of(document.media_type).english != intent.type:
            return False
        if intent.field is not None and not _has(document, *intent.field):
            return False
        return not intent.since or self._is_since(intent.since, document.created_at)

    def _is_since(self, since: str, at: datetime) -> bool:
        now = self._now()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if since == "yesterday":
            return today - timedelta(days=1) <= at < today
        days = {"today": 0, "week": 7, "month": 31}[since]
        return at >= today - timedelta(days=days)

    async def _items(self, documents: Sequence[Document], chinese: bool) -> list[Item]:
        outlines = {}
        for start in range(0, min(len(documents), MOST_LISTED), MOST_OUTLINES):
            for one in await self.outlines(documents[start : min(start + MOST_OUTLINES, MOST_LISTED)]):
                outlines[one.document.id] = one
        return [_item(document, outlines.get(document.id), chinese) for document in documents]


# ---------------------------------------------------------------- what is meant


def _words_of(query: Query, about: str) -> Query:
    """The same query, for these words only."""
    return replace(query, question=replace(query.question, about=Wording(about), hints=""), image=None)


def mentions(about: str, text: str) -> bool:
    """Whether a text has all the words, or for Chinese the same characters."""
    plain = "".join(about.split()).casefold()
    if has_cjk(about) and plain in "".join(text.split()).casefold():
        return True
    wanted = set(terms(about))
    return bool(wanted) and wanted <= set(terms(text))


def _named(about: str, documents: Sequence[Document]) -> tuple[Document, ...]:
    """Documents whose name or title has all of these words, generic ones such as "report" apart."""
    wanted = set(terms(about)) - _GENERIC or set(terms(about))
    bare = "".join(about.split()).casefold()
    found = []
    for document in documents:
        stem = " ".join(PurePath(document.name).stem.replace("_", " ").replace("-", " ").replace(".", " ").split())
        known = set(terms(f"{stem} {document.title or ''}"))
        squeezed = "".join(stem.split()).casefold()
        if document.name.casefold() in about.casefold() or (has_cjk(squeezed) and squeezed in bare):
            return (document,)
        if (wanted and wanted <= known) or (has_cjk(bare) and len(bare) > 1 and bare in squeezed):
            found.append(document)
    return tuple(found)


def _has(document: Document, field: str, value: str) -> bool:
    there = document.metadata.get(field)
    values = there if isinstance(there, list | tuple) else (there,)
    return any(str(one).casefold() == value.casefold() for one in values if one is not None)


# ---------------------------------------------------------------- what is said


def _item(document: Document, outline: Evidence | None, chinese: bool) -> Item:
    about = [_several(noun_of(document.media_type), 1, chinese)]
    if document.pages is not None:
        about.append(
            f"{document.pages} 页" if chinese else f"{document.pages} page{'s' if document.pages != 1 else ''}"
        )
    words = f"{document.name}（{'，'.join(about)}）" if chinese else f"{document.name} ({', '.join(about)})"
    quote = outline.chunk.text.split("\n", 1)[0] if outline is not None else ""
    return Item(words, outline, quote)


def _named_place(one: Evidence, chinese: bool) -> str:
    place: Place | None = one.chunk.place
    if one.chunk.page is not None:
        return (
            f"{one.document.name}（第 {one.chunk.page} 页）"
            if chinese
            else f"{one.document.name}, page {one.chunk.page}"
        )
    if place is not None and place.heading:
        return f"{one.document.name}（{place.heading[-1]}）" if chinese else f"{one.document.name}, {place.heading[-1]}"
    return one.document.name


def _quote(about: str, one: Evidence) -> str:
    text = one.chunk.text
    for begin, end in spans(text):
        if mentions(about, text[begin:end]):
            return text[begin:end]
    return quote_for(about, text)


def _several(noun: Noun, n: int, chinese: bool) -> str:
    return noun.chinese if chinese else noun.english + ("s" if n != 1 else "")


def _by_type(documents: Sequence[Document], chinese: bool) -> str:
    counted = Counter(noun_of(one.media_type) for one in documents).most_common()
    if chinese:
        return "其中：" + "，".join(f"{noun.chinese} {n} 个" for noun, n in counted) + "。"
    return " " + ", ".join(f"{n} {_several(noun, n, False)}" for noun, n in counted) + "."


def _where(query: Query, chinese: bool) -> str:
    names = [collection.name for collection in query.collections]
    quoted = "、".join(f"“{name}”" for name in names) if chinese else ", ".join(f"“{name}”" for name in names)
    return f"资料库{quoted}" if chinese else f"the collection{'s' if len(names) > 1 else ''} {quoted}"


def _counted(documents: Sequence[Document], intent: Intent, where: str, chinese: bool) -> str:
    n = len(documents)
    noun = next((one for one in nouns_asked_for() if one.english == intent.type), DOCUMENT)
    if chinese:
        return f"{where}中有 {n} 个{_ZH_STATUS.get(intent.status, '')}{_ZH_SINCE.get(intent.since, '')}{noun.chinese}。"
    status = f" {_STATUS_WORDS[intent.status]}" if intent.status else ""
    since = f" added {_SINCE_WORDS[intent.since]}" if intent.since else ""
    field = f" with {intent.field[0]} {intent.field[1]}" if intent.field else ""
    several = _several(noun, n, False)
    return f"There {'are' if n != 1 else 'is'} {n}{status} {several}{since}{field} in {where}."


_STATUS_WORDS = {
    "failed": "failed", "cancelled": "cancelled", "running": "unfinished", "queued": "waiting",
    "partial": "partly readable", "ready": "ready",
}  # fmt: skip
_ZH_STATUS = {
    "failed": "处理失败的",
    "cancelled": "已取消的",
    "running": "正在处理的",
    "queued": "排队中的",
    "partial": "部分可读的",
}
_SINCE_WORDS = {"today": "today", "yesterday": "yesterday", "week": "in the last week", "month": "in the last month"}
_ZH_SINCE = {"today": "今天加入的", "yesterday": "昨天加入的", "week": "一周内加入的", "month": "一个月内加入的"}


def _answer(head: str, items: Sequence[Item], n: int, chinese: bool, show: bool = False) -> Answer:
    """The sentence, and the documents it counts. Each counted document is cited, even if it is not listed."""
    cited = [item for item in items if item.evidence is not None][:MOST_LISTED]
    numbers = {id(item): number for number, item in enumerate(cited, start=1)}
    marks = tuple(numbers.values())
    claims = [Claim(head, marks, 1.0, True)] if head else []
    lines = [f"{head} {''.join(f'[{mark}]' for mark in marks)}".strip() if head and not show else head]
    for item in items[:MOST_LISTED] if show else ():
        mark = numbers.get(id(item))
        claims.append(Claim(item.words, (mark,) if mark else (), 1.0, True))
        lines.append(f"- {item.words}" + (f" [{mark}]" if mark else ""))
    if show and n > MOST_LISTED:
        lines.append(f"……还有 {n - MOST_LISTED} 个。" if chinese else f"… and {n - MOST_LISTED} more.")
    evidence = tuple(item.evidence for item in cited if item.evidence is not None)
    return Answer(
        answer="\n".join(line for line in lines if line),
        verdict="grounded",
        confidence=1.0,
        claims=tuple(claims),
        citations=tuple(
            Citation(numbers[id(item)], one, item.quote) for item, one in zip(cited, evidence, strict=True)
        ),
        evidence=evidence,
        model=MODEL,
        trace_id="",
    )
