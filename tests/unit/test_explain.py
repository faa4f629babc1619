"""Traces: what a search tells of itself afterwards, to whom, and what it never tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from answering.ask import Answered, Ask
from answering.explain import Explain, trace_of
from answering.find import EvidenceFinder
from answering.library_questions import Librarian
from answering.parts import Scope
from answering.question.condense import QuestionReader
from answering.question.read import read
from answering.write import AnswerWriter
from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.memory.generator import MemoryGenerator
from app.adapters.memory.traces import MemoryTraces
from app.api.traces import TraceOut
from domain.answers import Message, TextPart
from domain.documents import Chunk, Document
from domain.errors import Missing, Unavailable
from domain.searches import Found, Hit, Query, Trace, TraceStep
from retrievers.fused import Fused
from retrievers.hydrated import Joined, Joint
from tests.catalogues import fresh_catalogue

SECRET = "the treasure lies under the third palm"


class Proposing:
    def __init__(self, *chunk_ids: str) -> None:
        self.chunk_ids = chunk_ids

    async def retrieve(self, query: Query, k: int) -> Found:
        hits = tuple(Hit(one, 1 / n, {"words": n}) for n, one in enumerate(self.chunk_ids, start=1))
        return Found(hits, (), steps=(TraceStep("words", 1.0, hits),))


def catalogue_with(*documents: str) -> SqlCatalogue:
    catalogue = fresh_catalogue()
    collection = catalogue.collections.find("default")
    for id in documents:
        document = Document(id, collection.id, "default", id, "text/plain", 1, id, "queued", datetime.now(UTC))
        catalogue.documents.record(document)
        catalogue.runs.update(id, 1, status="running")
        if id != "unfinished":
            catalogue.chunks.replace(id, 1, [Chunk(f"{id}.{n}", id, n, "text", SECRET, SECRET) for n in range(2)])
            catalogue.runs.publish(id, 1, "ready")
    return catalogue


def asking(catalogue: SqlCatalogue, *proposed: str) -> tuple[Ask, Explain]:
    explain = Explain(catalogue.collections, catalogue.documents, catalogue.chunks, MemoryTraces())
    joined = Joined(Fused({"words": Proposing(*proposed)}), catalogue.chunks)
    return asking_of(catalogue, joined, explain), explain


def asking_of(catalogue: SqlCatalogue, joined: Joined, explain: Explain) -> Ask:
    finder = EvidenceFinder(
        catalogue.collections,
        catalogue.documents,
        joined,
        Librarian(catalogue.documents, catalogue.chunks, joined),
        explain,
    )
    writer = AnswerWriter(catalogue.documents, MemoryBlobs(), MemoryGenerator(["It lies there [1]."]), 4)
    return Ask(QuestionReader(), finder, writer)


async def test_what_was_dropped_says_why() -> None:
    catalogue = catalogue_with("good", "deleted", "unfinished")
    catalogue.erasure.delete("deleted")
    ask, explain = asking(catalogue, "good.0", "deleted.0", "unfinished.0", "never.0", "good.9")
    found = await ask.search(Scope(), "treasure")
    trace = (await explain.find(found.trace_id, "")).trace
    assert {one.chunk_id: one.why for one in trace.dropped} == {
        "deleted.0": "its document was deleted",
        "unfinished.0": "its document is not published: running",
        "never.0": "no document has it",
        "good.9": "its document was read again without it",
    }
    assert [one.chunk_id for one in trace.evidence] == ["good.0"]


async def test_what_a_filter_leaves_out_and_another_kind_say_so() -> None:
    ask, explain = asking(catalogue_with("a", "b"), "a.0", "b.0")
    found = await ask.search(Scope(where={"document": ["a"]}), "treasure")
    told = TraceOut.of(await explain.find(found.trace_id, ""))
    assert [(one.evidence_id, one.why) for one in told.dropped] == [("b.0", "the filter leaves its document out")]
    assert (told.query.filter, told.query.documents) == ({"document": ["a"]}, 1)


async def test_steps_come_in_order_with_their_candidates() -> None:
    ask, explain = asking(catalogue_with("a"), "a.0", "a.1")
    told = TraceOut.of(await explain.find((await ask.search(Scope(), "treasure")).trace_id, ""))
    assert [step.step for step in told.steps] == ["words", "fuse", "join"]
    assert [one.evidence_id for one in told.steps[1].candidates] == ["a.0", "a.1"]
    assert told.steps[1].details["by"] == "min_max_fusion"


async def test_an_answers_trace_has_its_outcome() -> None:
    ask, explain = asking(catalogue_with("a"), "a.0")
    events = [event async for event in ask.answer(Scope(), [Message("user", (TextPart("Where?"),))])]
    assert isinstance(events[-1], Answered)
    outcome = (await explain.find(events[-1].answer.trace_id, "")).trace.outcome
    assert outcome is not None
    assert outcome.shown == ("a.0",)


async def test_no_document_text_is_kept() -> None:
    ask, explain = asking(catalogue_with("a"), "a.0")
    found = await ask.search(Scope(), "treasure")
    explain.close()
    assert SECRET not in repr((await explain.find(found.trace_id, "")).trace)
    assert SECRET not in TraceOut.of(await explain.find(found.trace_id, "")).model_dump_json()


async def test_another_callers_trace_is_not_there() -> None:
    ask, explain = asking(catalogue_with("a"), "a.0")
    found = await ask.search(Scope(caller="mine"), "treasure")
    assert (await explain.find(found.trace_id, "mine")).trace.caller == "mine"
    explain.close()
    for other in ("", "theirs"):
        with pytest.raises(Missing):
            await explain.find(found.trace_id, other)


async def test_the_names_of_what_was_deleted_since_are_not_told() -> None:
    catalogue = catalogue_with("a")
    ask, explain = asking(catalogue, "a.0")
    found = await ask.search(Scope(), "treasure")
    catalogue.erasure.delete("a")
    told = TraceOut.of(await explain.find(found.trace_id, ""))
    assert [one.document for one in told.evidence] == [None]


async def test_a_store_that_fails_costs_the_trace_and_no_search() -> None:
    class Failing(MemoryTraces):
        def keep(self, traces: Sequence[Trace]) -> None:
            raise Unavailable("the disk is full")

    catalogue = catalogue_with("a")
    explain = Explain(catalogue.collections, catalogue.documents, catalogue.chunks, Failing())
    joined = Joined(Proposing("a.0"), catalogue.chunks)
    ask = asking_of(catalogue, joined, explain)
    found = await ask.search(Scope(), "treasure")
    explain.close()
    assert len(found.evidence) == 1
    with pytest.raises(Missing):
        await explain.find(found.trace_id, "")


class Counting(MemoryTraces):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[int] = []

    def keep(self, traces: Sequence[Trace]) -> None:
        self.written.append(len(traces))
        super().keep(traces)


def test_traces_that_come_together_are_written_together_and_all_of_them_before_it_closes() -> None:
    traces = Counting()
    catalogue = fresh_catalogue()
    explain = Explain(catalogue.collections, catalogue.documents, catalogue.chunks, traces)
    noted = [trace_of(Query(read("why?")), 8, Joint((), ()), {}, "") for _ in range(5)]
    for trace in noted:
        explain.note(trace)
    explain.close()
    assert traces.written == [5]
    assert [traces.find(one.id) for one in noted] == noted


async def test_the_words_that_were_searched_for_stand_first_where_they_are_not_the_questions() -> None:
    ask, explain = asking(catalogue_with("a"), "a.0")
    found = await ask.search(Scope(), "What is the EBITDA? Answer in millions.")
    step, *_ = (await explain.find(found.trace_id, "")).trace.steps
    assert (step.name, step.details["searched"]) == ("ask", "What is the EBITDA?")
    assert "depreciation" in step.details["hints"]
