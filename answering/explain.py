"""Traces of searches: made during a request, and written by a thread of their own, so that no request waits."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from domain.answers import Answer
from domain.chunk_ids import document_id_of
from domain.errors import ExhibitError, Gone, Missing
from domain.evidence import Evidence
from domain.ports import Chunks, Collections, Documents, Traces
from domain.question import Question
from domain.searches import Dropped, Outcome, Query, Shown, Trace, TraceStep, Understood
from retrievers.hydrated import NOT_STANDING, Joint

WAITING = 1_000  # traces; while so many wait, new ones are dropped
AT_ONCE = 64  # written in one transaction
GATHER_S = 0.1  # traces within it share a transaction: one for each trace takes three times as long
MOST_DROPPED = 200  # in one trace
LONGEST_TRACED = 2_000  # characters of a query in its trace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Explained:
    """A trace, and what of its candidates still stands."""

    trace: Trace
    standing: Mapping[str, Evidence]  # by chunk id


class Explain:
    def __init__(self, collections: Collections, documents: Documents, chunks: Chunks, traces: Traces) -> None:
        self._collections = collections
        self._documents = documents
        self._chunks = chunks
        self._traces = traces
        self._waiting: queue.SimpleQueue[Trace | None] = queue.SimpleQueue()
        self._noted: dict[str, Trace] = {}  # not written yet
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="traces", daemon=True)
        self._thread.start()

    def note(self, trace: Trace) -> None:
        """Returns at once. A trace with the same id replaces the former one."""
        with self._lock:
            if len(self._noted) >= WAITING:
                log.warning("a trace was not kept: too many wait", extra={"trace": trace.id})
                return
            self._noted[trace.id] = trace
            self._waiting.put(trace)

    async def find(self, trace_id: str, caller: str) -> Explained:
        """Raises Missing, also for another caller's trace."""
        return await asyncio.to_thread(self._find, trace_id, caller)

    def close(self) -> None:
        """Writes what still waits, then ends the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _find(self, trace_id: str, caller: str) -> Explained:
        with self._lock:
            noted = self._noted.get(trace_id)
        trace = self._reasoned(noted) if noted is not None else self._traces.find(trace_id)
        if trace.caller != caller:
            raise Missing("there is no such trace, or it is no longer kept")
        return Explained(trace, self._standing(trace))

    def _standing(self, trace: Trace) -> dict[str, Evidence]:
        """Read from the catalogue now: a chunk that was deleted since is only an id."""
        ids = dict.fromkeys(hit.chunk_id for step in trace.steps for hit in step.candidates)
        ids.update(dict.fromkeys(one.chunk_id for one in trace.evidence))
        collections = []
        for name in trace.query.collections:
            try:
                collections.append(self._collections.find(name).id)
            except Missing:
                continue
        return {one.id: one for one in self._chunks.evidence(list(ids), collections)}

    # ------------------------------------------------------------ in the thread

    def _work(self) -> None:
        ended = False
        while not ended:
            batch = self._batch()
            ended = batch[-1] is None
            traces = [trace for trace in batch if trace is not None]
            if traces:
                self._write(list({trace.id: trace for trace in traces}.values()))

    def _batch(self) -> Sequence[Trace | None]:
        batch = [self._waiting.get()]
        until = time.monotonic() + GATHER_S
        while batch[-1] is not None and len(batch) < AT_ONCE:
            try:
                batch.append(self._waiting.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return batch

    def _write(self, traces: Sequence[Trace]) -> None:
        try:
            self._traces.keep([self._reasoned(trace) for trace in traces])
        except ExhibitError as error:  # the search itself was answered
            log.warning("traces were not kept", extra={"traces": len(traces), "why": str(error)})
        with self._lock:
            for trace in traces:
                if self._noted.get(trace.id) is trace:
                    del self._noted[trace.id]

    def _reasoned(self, trace: Trace) -> Trace:
        """Adds the reasons that only the catalogue knows; they are not looked up during a search."""
        known: dict[str, str] = {}
        dropped = []
        for one in trace.dropped[:MOST_DROPPED]:
            if one.why == NOT_STANDING:
                document_id = document_id_of(one.chunk_id)
                if document_id not in known:
                    known[document_id] = self._why(document_id, trace.query.collections)
                one = Dropped(one.chunk_id, known[document_id])
            dropped.append(one)
        return replace(trace, dropped=tuple(dropped))

    def _why(self, document_id: str, collections: Sequence[str]) -> str:
        try:
            document = self._documents.find(document_id)
        except Gone:
            return "its document was deleted"
        except Missing:
            return "no document has it"
        except ExhibitError:
            return "it is not known why"
        if document.collection not in collections:
            return "it belongs to another collection"
        if not document.findable:
            return f"its document is not published: {document.status}"
        return "its document was read again without it"


# ---------------------------------------------------------------- making a trace


def trace_of(
    query: Query, top_k: int, joint: Joint, timings_ms: Mapping[str, float], caller: str, why: str = ""
) -> Trace:
    """`why`: it was not an ordinary search."""
    return Trace(
        id=uuid.uuid4().hex,
        at=datetime.now(UTC),
        caller=caller,
        query=_understood(query, top_k, why),
        votes=joint.votes,
        steps=(*_rewording(query.question), *joint.steps) if joint.steps else (),
        evidence=tuple(Shown(one.id, one.score, one.ranks) for one in joint.evidence),
        dropped=joint.dropped,
        timings_ms=timings_ms,
    )


def _understood(query: Query, top_k: int, why: str) -> Understood:
    question = query.question
    return Understood(
        asked=question.asked.text[:LONGEST_TRACED],
        searched=question.standalone.text[:LONGEST_TRACED],
        why="; ".join(filter(None, (question.rewritten, why))),
        language=question.standalone.language,
        image=query.image is not None,
        collections=tuple(collection.name for collection in query.collections),
        kinds=tuple(sorted(query.kinds)),
        where=query.where,
        documents=None if query.documents is None else len(query.documents),
        top_k=top_k,
    )


def _rewording(question: Question) -> tuple[TraceStep, ...]:
    """The words that were searched for, where these are not those of the question."""
    about, hints = question.about.text, question.hints
    if about == question.standalone.text and not hints:
        return ()
    return (TraceStep("ask", details={"searched": about, "hints": hints}),)


def with_outcome(trace: Trace, answer: Answer) -> Trace:
    """Evidence that was found but not shown is added to what was dropped."""
    shown = tuple(one.id for one in answer.evidence)
    left_out = (one.chunk_id for one in trace.evidence if one.chunk_id not in shown)
    return replace(
        trace,
        dropped=(*trace.dropped, *(Dropped(one, "it was over the budget of the prompt") for one in left_out)),
        timings_ms=answer.timings_ms,
        outcome=Outcome(
            answer.verdict, answer.confidence, answer.model, shown, tuple(notice.code for notice in answer.notices)
        ),
    )
