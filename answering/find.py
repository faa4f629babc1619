"""Finds the evidence for a question: about the library, about whole documents, or about what documents say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from answering.explain import Explain, trace_of, with_outcome
from answering.library_questions import Librarian
from answering.output.notices import in_words
from answering.parts import Retrieval, Scope
from domain.answers import Answer, Noticed
from domain.documents import Collection
from domain.errors import BadRequest
from domain.ports import Collections, Documents
from domain.question import Question
from domain.searches import Query, Search, Vote
from retrievers.filters import Condition, narrowed, parse, possible
from retrievers.hydrated import Joined, Joint

WHOLE_DOCUMENTS = "it asks about whole documents: their outlines come first"


@dataclass(frozen=True, slots=True)
class _Found:
    joint: Joint
    why: str = ""  # it was not an ordinary search
    told: Answer | None = None
    ordered: bool = False


class EvidenceFinder:
    def __init__(
        self,
        collections: Collections,
        documents: Documents,
        retriever: Joined,
        librarian: Librarian,
        explain: Explain,
        at_once: int = 3,
        coming: Callable[[Question], None] = lambda question: None,
    ) -> None:
        """`at_once`: searches that run at the same time. The others wait, and most are answered sooner this way;
        `coming` gets the questions that wait."""
        self._collections = collections
        self._documents = documents
        self._retriever = retriever
        self._librarian = librarian
        self._explain = explain
        self._turns = asyncio.Semaphore(at_once)
        self._coming = coming

    async def find(self, scope: Scope, question: Question, image: bytes | None = None) -> Retrieval:
        """Best first, and traced. Raises Missing, BadRequest, ModelMismatch, Unavailable."""
        if not question.standalone.text and image is None:
            raise BadRequest("The query is empty: give words, an image, or both.")
        began = time.perf_counter()
        query = await self._query(scope, question, image)
        if image is None and self._turns.locked():
            self._coming(question)
        # A search by picture waits for another process first; it takes no turn, so that no other search waits for it.
        async with self._turns if image is None else nullcontext():
            timings = {"wait": _since(began)}
            found = await self._by_kind(query, scope.top_k)
        timings["retrieve"] = _since(began)
        return Retrieval(self._search(query, scope, found, timings), found.told, found.ordered)

    async def nothing(self, scope: Scope, question: Question) -> Search:
        """An empty search, traced, for a question that asks nothing of the documents. Raises Missing."""
        query = Query(question, collections=await self._named(scope))
        return self._search(query, scope, _Found(Joint((), ()), "it asks nothing of the documents"), {})

    def answered(self, search: Search, answer: Answer) -> None:
        """Adds the answer to the search's trace."""
        if search.trace is not None:
            self._explain.note(with_outcome(search.trace, answer))

    def _search(self, query: Query, scope: Scope, found: _Found, timings: Mapping[str, float]) -> Search:
        joint = found.joint
        trace = trace_of(query, scope.top_k, joint, timings, scope.caller, found.why)
        self._explain.note(trace)
        notices = in_words(_searched_without(joint.votes), query.question)
        return Search(joint.evidence, joint.votes, trace.id, timings, trace, query.question, notices, query)

    # ------------------------------------------------------------ by the kind of question

    async def _by_kind(self, query: Query, top_k: int) -> _Found:
        """A question with a picture, or for certain kinds of chunks only, is always about what documents say."""
        intent = query.question.intent
        if query.image is not None or query.kinds or intent.sort == "ordinary":
            return _Found(await self._retriever.search(query, top_k))
        if intent.sort == "summary":
            return await self._outlined(query, top_k) or _Found(await self._retriever.search(query, top_k))
        told = await self._librarian.told(query)
        if told is None:
            return _Found(await self._retriever.search(query, top_k))
        why = f"it asks about the library: {intent.sort}"
        return _Found(Joint((told.evidence or told.nearest)[:top_k], ()), why, told)

    async def _outlined(self, query: Query, top_k: int) -> _Found | None:
        """The outlines of the documents that the question means, then other evidence from these documents."""
        meant = await self._librarian.meant(query)
        if not meant:
            return None
        if query.question.leans and not query.question.intent.about:  # "what is it about?", after other questions
            first = (await self._retriever.search(query, 1)).evidence
            meant = tuple(one.document for one in first) or meant
        outlines = (await self._librarian.outlines(meant, fuller=True))[:top_k]
        within = replace(query, documents=frozenset(document.id for document in meant))
        joint = await self._retriever.search(within, top_k)
        known = {one.id for one in outlines}
        rest = tuple(one for one in joint.evidence if one.id not in known)
        top = rest[0].score if rest else 0.0
        first = tuple(replace(one, score=top + len(outlines) - n) for n, one in enumerate(outlines))
        joint = replace(joint, evidence=(*first, *rest)[:top_k])
        return _Found(joint, WHOLE_DOCUMENTS, ordered=True)

    # ------------------------------------------------------------ where to look

    async def _query(self, scope: Scope, question: Question, image: bytes | None) -> Query:
        collections = await self._named(scope)
        documents = await self._fitting(collections, scope.where)
        return Query(question, image, collections, scope.kinds, documents, scope.where)

    async def _named(self, scope: Scope) -> tuple[Collection, ...]:
        return tuple([await asyncio.to_thread(self._collections.find, name) for name in scope.collections])

    async def _fitting(
        self, collections: Sequence[Collection], where: Mapping[str, Any] | None
    ) -> frozenset[str] | None:
        """The documents in which something could match the filter; None without one."""
        if where is None:
            return None
        return await asyncio.to_thread(self._possible, parse(where), [one.id for one in collections])

    def _possible(self, condition: Condition, collection_ids: Sequence[str]) -> frozenset[str]:
        facts = self._documents.facts(collection_ids, narrowed(condition))
        return frozenset(one.id for one in facts if possible(condition, one))


def _searched_without(votes: Sequence[Vote]) -> tuple[Noticed, ...]:
    """Collections whose vectors are of a model that can't be loaded: they were searched by words only. And ways of
    finding that can't be reached."""
    names = dict.fromkeys(name for vote in votes for name in vote.unread)
    unread = [Noticed("searched_without_vectors", name=name) for name in names]
    missing = {vote.missing for vote in votes}
    if "the vector index" in missing:
        unread.append(Noticed("vector_index_missing"))
    if "the words index" in missing:
        unread.append(Noticed("words_index_missing"))
    return tuple(unread)


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
