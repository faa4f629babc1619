"""A question's way: search, show, generate, read the markers back, check, answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from answering.context.budget import Budget
from answering.context.images import Fit, Pictures, fewer_pictures, pictures_in, sizes
from answering.context.pack import packings, recent, spread
from answering.explain import Explain, trace_of, understood, with_outcome
from answering.grounding.check import Checker
from answering.library_questions import Librarian
from answering.output.citations import Holds, read_back, with_confidence
from answering.output.hidden_text import hidden_met
from answering.output.notices import in_words
from answering.output.screen import Screen
from answering.question.condense import Condense
from answering.question.intents import THIS, intent_of
from answering.question.smalltalk import reply_to
from domain.errors import BadRequest, ExhibitError, ModelUnavailable, PromptTooLong, TooManyImages
from domain.ports import Blobs, Catalogue, Generator
from domain.types import (
    Answer,
    Collection,
    Delta,
    Evidence,
    ImagePart,
    Kind,
    Message,
    Noticed,
    Prompt,
    Query,
    Search,
    Usage,
    Vote,
)
from prompts.answer import build
from retrievers.filters import Condition, narrowed, parse, possible
from retrievers.hydrated import Joined, Joint

TOP_K = 8
POOL = 2  # times as many are searched for as are shown, so that what is shown covers more
CUT_SHORT = "cut_short"
LONGEST_QUERY = 8_000  # characters that are searched for; more says nothing more
_NOTHING = {0: " ", 0xFFFD: " "}  # NUL, and what stands for it after a request was read


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: collections, and what narrows them."""

    collections: tuple[str, ...] = ("default",)
    kinds: frozenset[Kind] = frozenset()
    where: Mapping[str, Any] | None = None
    top_k: int = TOP_K
    caller: str = ""  # a digest of the caller's key: traces are shown to their own caller


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A query that is searched for in other words than it was asked in."""

    asked: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Retrieved:
    search: Search


@dataclass(frozen=True, slots=True)
class Said:
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    answer: Answer


Event = Retrieved | Said | Answered


class Ask:
    def __init__(
        self,
        catalogue: Catalogue,
        blobs: Blobs,
        retriever: Joined,
        generator: Generator,
        most_images: int,
        explain: Explain,
        condense: Condense,
        librarian: Librarian,
        checker: Checker | None = None,
        fit: Fit | None = None,
        holds: Holds | None = None,
        at_once: int = 3,
        coming: Callable[[str], None] = lambda question: None,
    ) -> None:
        """`at_once`: how many searches are under way. The others wait for them, and most are answered sooner so;
        `coming` is told their questions meanwhile."""
        self._catalogue = catalogue
        self._pictures = Pictures(blobs, fit)
        self._retriever = retriever
        self._generator = generator
        self._budget = Budget(most_images)
        self._checker = checker or Checker()
        self._turns = asyncio.Semaphore(at_once)
        self._coming = coming
        self._explain = explain
        self._condense = condense
        self._librarian = librarian
        self._holds = holds

    @property
    def model(self) -> str:
        return self._generator.model

    async def search(
        self, scope: Scope, text: str = "", image: bytes | None = None, rewritten: Rewritten | None = None
    ) -> Search:
        """The evidence for a query, best first. Raises Missing, BadRequest, ModelMismatch, Unavailable."""
        text = text.translate(_NOTHING).strip()[:LONGEST_QUERY]
        if not text and image is None:
            raise BadRequest("The query is empty: give words, an image, or both.")
        began = time.perf_counter()
        collections = [await asyncio.to_thread(self._catalogue.collections.find, name) for name in scope.collections]
        query = Query(
            text=text,
            image=image,
            collections=tuple(collections),
            kinds=scope.kinds,
            documents=await self._documents(collections, scope.where),
            where=scope.where,
        )
        rewritten = rewritten or Rewritten(text)
        if image is None and self._turns.locked():
            self._coming(text)
        # A picture is first made ready by another process, for which no other search shall wait.
        async with self._turns if image is None else nullcontext():
            timings = {"wait": _since(began)}
            found = await self._found(query, scope.top_k, rewritten)
        timings["retrieve"] = _since(began)
        if found.why:
            rewritten = replace(rewritten, why="; ".join(filter(None, (rewritten.why, found.why))))
        told = understood(rewritten.asked, rewritten.why, query, scope.top_k)
        trace = trace_of(told, found.joint, timings, scope.caller)
        self._explain.note(trace)
        evidence, votes = found.joint.evidence, found.joint.votes
        notices = in_words(_searched_without(votes), rewritten.asked)
        return Search(evidence, votes, trace.id, timings, trace, text, found.answer, found.summary, notices)

    async def _found(self, query: Query, top_k: int, rewritten: Rewritten) -> _Found:
        """By what kind of question it is: about the library, about whole documents, or about what documents say."""
        intent = intent_of(rewritten.asked) if query.image is None and not query.kinds else intent_of("")
        if intent.sort == "mention" and rewritten.why and THIS.fullmatch(intent.about):
            intent = intent_of(query.text)  # "which documents mention it?": what "it" is, stands only there
        if intent.sort == "summary":
            return await self._outlined(query, top_k, rewritten) or _Found(await self._retriever.search(query, top_k))
        told = await self._librarian.told(intent, replace(query, text=rewritten.asked))
        if told is None:
            return _Found(await self._retriever.search(query, top_k))
        why = f"it asks about the library: {intent.sort}"
        return _Found(Joint((told.evidence or told.nearest)[:top_k], ()), why, told)

    async def _outlined(self, query: Query, top_k: int, rewritten: Rewritten) -> _Found | None:
        """The outlines of the documents that are meant, and what else was found in them."""
        intent = intent_of(rewritten.asked)
        meant = await self._librarian.meant(intent, query)
        if not meant:
            return None
        if rewritten.why and not intent.about:  # "what is it about?", in a conversation about something
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
        return _Found(joint, "it asks about whole documents: their outlines come first", summary=True)

    async def answer(self, scope: Scope, messages: Sequence[Message]) -> AsyncGenerator[Event]:
        """Retrieved, then what is said as it is said, then the whole answer. Raises as `search`, ModelUnavailable."""
        *history, last = messages
        if (reply := _small_talk(last)) is not None:
            for name in scope.collections:  # a collection that isn't there is told all the same
                await asyncio.to_thread(self._catalogue.collections.find, name)
            for event in self._talked(scope, last.text, reply):
                yield event
            return
        pictures = [part for part in last.parts if isinstance(part, ImagePart)]
        asked = await self._condense.standalone(last.text, history)
        rewritten = Rewritten(last.text, asked.why)
        wider = replace(scope, top_k=POOL * scope.top_k)
        search = await self.search(wider, asked.text, pictures[0].data if pictures else None, rewritten)
        search = replace(search, evidence=await asyncio.to_thread(_shown, search, scope.top_k))
        yield Retrieved(search)
        began = time.perf_counter()
        if search.answer is not None:
            answer = replace(search.answer, trace_id=search.trace_id, timings_ms=search.timings_ms)
            self._note_answer(search, answer)
            yield Said(answer.answer)
            yield Answered(answer)
            return
        async with aclosing(self._generated(last, history, search, began)) as events:
            async for event in events:
                yield event

    async def _generated(
        self, last: Message, history: Sequence[Message], search: Search, began: float
    ) -> AsyncGenerator[Said | Answered]:
        self._budget.told(await self._generator.room())
        turns, left_out = recent(history, self._budget.tokens)
        shown, too_many = fewer_pictures(turns, self._budget.images)
        accepted = await self._accepted(last, search, shown, (*left_out, *too_many))
        screen = Screen(accepted.prompt)
        said: list[str] = []
        usage, confidence, cut = Usage(), None, False
        timings = {**search.timings_ms, "first_token": _since(began)}
        async with aclosing(accepted.deltas) as deltas:
            async for delta in deltas:
                usage = delta.usage or usage
                cut = cut or delta.cut
                confidence = delta.confidence if delta.confidence is not None else confidence
                if text := screen.feed(delta.text):
                    said.append(text)
                    yield Said(text)
        if text := screen.end():
            said.append(text)
            yield Said(text)
        timings["generate"] = _since(began)
        self._budget.counted(accepted.prompt, usage.prompt_tokens)
        answer = await asyncio.to_thread(
            read_back, "".join(said), accepted.prompt, search, self.model, confidence, self._checker
        )
        if confidence is None and self._holds is not None:  # a generator that can't tell
            answer = await asyncio.to_thread(with_confidence, answer, accepted.prompt, self._holds)
        hidden = await asyncio.to_thread(hidden_met, self._catalogue, answer.evidence)
        noticed = (*accepted.noticed, *screen.noticed, *hidden, *_of_the_end(cut, said))
        notices = (*search.notices, *in_words(noticed, last.text))
        answer = replace(answer, usage=usage, timings_ms=timings, notices=notices)
        self._note_answer(search, answer)
        yield Answered(answer)

    def _talked(self, scope: Scope, text: str, reply: str) -> tuple[Event, ...]:
        told = understood(text, "it asks nothing of the documents", Query(text), scope.top_k)
        trace = trace_of(replace(told, collections=scope.collections), Joint((), ()), {}, scope.caller)
        self._explain.note(trace)
        return _talk(text, reply, self.model, trace.id)

    def _note_answer(self, search: Search, answer: Answer) -> None:
        if search.trace is not None:
            self._explain.note(with_outcome(search.trace, answer))

    async def _accepted(
        self, last: Message, search: Search, history: Sequence[Message], noticed: tuple[Noticed, ...]
    ) -> _Accepted:
        """Begins to generate from the fullest prompt that the model accepts, and waits for its first words."""
        evidence = search.evidence
        asked = tuple(part for part in last.parts if isinstance(part, ImagePart))
        taken = len(asked) + pictures_in(history)
        images = await self._pictures.of(evidence, self._budget.images - taken)
        refusal: ExhibitError = ModelUnavailable("The model accepted no prompt.")
        steps = list(packings(evidence, sizes(images), max(0, self._budget.images - taken)))
        for packing in steps:
            if packing.images and len(packing.images) > self._budget.images - taken:
                continue
            fitted = await self._pictures.fitted(packing, images)
            prompt = await asyncio.to_thread(build, last.text, history, packing.evidence, fitted, asked)
            if packing is not steps[-1] and self._budget.is_over(prompt):
                continue
            # for a reader that sees no conversation
            question = search.question or last.text
            prompt = replace(prompt, question=question, asked=last.text, summary=search.summary)
            try:
                deltas = await _begun(self._generator.generate(prompt))
            except (PromptTooLong, TooManyImages) as error:
                refusal = error
                self._budget.refused(error, prompt, taken + len(packing.images))
                continue
            return _Accepted(prompt, (*noticed, *packing.noticed), deltas)
        raise refusal

    async def _documents(
        self, collections: Sequence[Collection], where: Mapping[str, Any] | None
    ) -> frozenset[str] | None:
        """The documents in which something could match the filter; None without one."""
        if where is None:
            return None
        return await asyncio.to_thread(self._possible, parse(where), [one.id for one in collections])

    def _possible(self, condition: Condition, collection_ids: Sequence[str]) -> frozenset[str]:
        facts = self._catalogue.documents.facts(collection_ids, narrowed(condition))
        return frozenset(one.id for one in facts if possible(condition, one))


def _shown(search: Search, most: int) -> tuple[Evidence, ...]:
    """Of what was found, what covers most; the library's own answers and outlines as they are."""
    if search.answer is not None or search.summary:
        return search.evidence[:most]
    return spread(search.evidence, most)


def _searched_without(votes: Sequence[Vote]) -> tuple[Noticed, ...]:
    """Collections whose vectors are of a model that is not at hand; their words were searched all the same."""
    names = dict.fromkeys(name for vote in votes for name in vote.unread)
    return tuple(Noticed("searched_without_vectors", name=name) for name in names)


def _small_talk(message: Message) -> str | None:
    """What to say to a greeting; a picture is always a question."""
    return None if pictures_in([message]) else reply_to(message.text)


def _talk(text: str, reply: str, model: str, trace_id: str) -> tuple[Event, ...]:
    """Nothing is searched and nothing cited."""
    search = Search((), (), trace_id)
    notices = in_words([Noticed("small_talk")], text)
    answer = Answer(reply, "abstained", 0.0, (), (), (), model, search.trace_id, notices=notices)
    return Retrieved(search), Said(reply), Answered(answer)


@dataclass(frozen=True, slots=True)
class _Found:
    joint: Joint
    why: str = ""  # it was not an ordinary search
    answer: Answer | None = None
    summary: bool = False


@dataclass(frozen=True, slots=True)
class _Accepted:
    prompt: Prompt
    noticed: tuple[Noticed, ...]
    deltas: AsyncGenerator[Delta]


async def _begun(deltas: AsyncIterator[Delta]) -> AsyncGenerator[Delta]:
    """The same deltas, the first of them having arrived: what refuses a prompt refuses it before."""
    first = await anext(deltas, None)

    async def all_of_them() -> AsyncGenerator[Delta]:
        try:
            if first is not None:
                yield first
            async for delta in deltas:
                yield delta
        finally:
            if isinstance(deltas, AsyncGenerator):
                await deltas.aclose()

    return all_of_them()


def _of_the_end(cut: bool, said: Sequence[str]) -> Iterator[Noticed]:
    if cut:
        yield Noticed(CUT_SHORT)
    if not "".join(said).strip():
        yield Noticed("model_silent")


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
