"""The catalogue in SQL and the one in memory can't be told apart by any sequence of calls."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.memory.catalogue import MemoryCatalogue
from domain.errors import ExhibitError
from domain.ports import Catalogue
from domain.types import Chunk, Collection, Document, PageReport, Problem

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

names = st.sampled_from(["default", "default", "default", "a"])
numbers = st.integers(0, 2)  # few, so that calls meet
mistakes = st.sampled_from([0, 0, 0, 0, 1, -1])  # how far off the attempt is that a run believes to be
unfinished_or_over = st.sampled_from([None, "queued", "running", "failed", "cancelled"])
digests = st.lists(st.sampled_from("xy"), unique=True)
hostile = st.sampled_from(["plain", "\x00", "\ud800", "报告"])


class Clock:
    """Both twins read the same moment during one call, and a later one in the next."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


class Twins(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory()
        self.sql = SqlCatalogue(f"sqlite:///{Path(self.folder.name) / 'catalogue.db'}", self.clock)
        self.memory = MemoryCatalogue(self.clock)
        self.ids = {self.sql.collection("default").id: 0, self.memory.collection("default").id: 0}

    def teardown(self) -> None:
        self.sql.close()
        self.folder.cleanup()

    def same(self, call: Callable[[Catalogue], object]) -> None:
        self.clock.at += timedelta(seconds=1)
        outcomes = [self.plain(outcome_of(call, catalogue)) for catalogue in (self.sql, self.memory)]
        assert outcomes[0] == outcomes[1]

    def plain(self, outcome: object) -> object:
        """Collection ids are random: each twin's are replaced by when they were first seen."""
        if isinstance(outcome, Collection):
            self.ids.setdefault(outcome.id, int((outcome.created_at - NOON).total_seconds()))
            plain = outcome.name, outcome.metadata, outcome.encoders, outcome.created_at, outcome.reindex
            return self.ids[outcome.id], *plain
        if isinstance(outcome, tuple):
            return tuple(self.plain(part) for part in outcome)
        if isinstance(outcome, Document):
            return {name: getattr(outcome, name) for name in Document.__slots__ if name != "collection_id"}
        return outcome

    # ------------------------------------------------------------ collections

    @rule(name=names, text=hostile)
    def create_collection(self, name: str, text: str) -> None:
        self.same(lambda catalogue: catalogue.create_collection(name, {text: [text]}))

    @rule(name=names, text=hostile)
    def update_collection(self, name: str, text: str) -> None:
        self.same(lambda catalogue: catalogue.update_collection(name, {"x": text}))

    @rule(name=names, encoder=st.sampled_from(["minilm", "bge"]))
    def stamp(self, name: str, encoder: str) -> None:
        self.same(lambda catalogue: catalogue.stamp(catalogue.collection(name).id, {"text": encoder}))

    @rule(name=names, encoder=st.sampled_from(["minilm", "bge"]), n=numbers)
    def begin_reindex(self, name: str, encoder: str, n: int) -> None:
        self.same(lambda one: one.begin_reindex(one.collection(name).id, {"text": encoder}, f"r{n}"))

    @rule(name=names, n=numbers, failed=st.booleans())
    def update_reindex(self, name: str, n: int, failed: bool) -> None:
        state: Any = "failed" if failed else "running"
        self.same(lambda one: one.update_reindex(one.collection(name).id, f"r{n}", state=state, done=n, total=9))

    @rule(name=names, n=numbers)
    def go_through(self, name: str, n: int) -> None:
        def marked(catalogue: Catalogue) -> object:
            waiting = catalogue.to_re_embed(catalogue.collection(name).id, f"r{n}", 1)
            return waiting, *(catalogue.re_embedded(document, f"r{n}") for document in waiting)

        self.same(marked)

    @rule(name=names, n=numbers)
    def switch(self, name: str, n: int) -> None:
        self.same(lambda catalogue: catalogue.switch(catalogue.collection(name).id, f"r{n}"))

    @rule(name=names)
    def delete_collection(self, name: str) -> None:
        self.same(lambda catalogue: catalogue.delete_collection(name))

    # ------------------------------------------------------------ documents

    @rule(name=names, n=numbers, same_bytes=st.integers(0, 3), text=hostile, whole=st.none() | numbers)
    def record(self, name: str, n: int, same_bytes: int, text: str, whole: int | None = None) -> None:
        at = NOON + timedelta(days=n % 2, seconds=n)

        def record(catalogue: Catalogue) -> object:
            home = catalogue.collection(name).id
            return catalogue.record(
                Document(f"d{n}", home, name, text, "text/plain", n, f"{same_bytes}", "queued", at, metadata={"n": n}),
                None if whole is None else f"d{whole}",
            )

        self.same(record)

    @rule(n=numbers, mistake=mistakes, status=unfinished_or_over, progress=st.none() | st.floats(0, 1), text=hostile)
    def update(self, n: int, mistake: int, status: Any, progress: float | None, text: str) -> None:
        self.same(
            lambda catalogue: catalogue.update(
                f"d{n}",
                self.attempt(n) + mistake,
                status=status,
                stage="embed",
                progress=progress,
                title=text,
                problems=[Problem(text, n)],
                page_report=[PageReport(1, "ocr", progress)],
            )
        )

    @rule(
        n=numbers, mistake=mistakes, status=st.sampled_from(["running", "ready", "partial"]), batches=st.integers(1, 2)
    )
    def publish(self, n: int, mistake: int, status: Any, batches: int) -> None:
        self.same(lambda catalogue: catalogue.publish(f"d{n}", self.attempt(n) + mistake, status, batches))

    @rule(n=numbers)
    def requeue(self, n: int) -> None:
        self.same(lambda catalogue: catalogue.requeue(f"d{n}"))

    @rule(n=numbers, mistake=mistakes)
    def reattempt(self, n: int, mistake: int) -> None:
        self.same(lambda catalogue: catalogue.reattempt(f"d{n}", self.attempt(n) + mistake))

    @rule(n=numbers)
    def delete(self, n: int) -> None:
        self.same(lambda catalogue: catalogue.delete(f"d{n}"))

    @rule(n=numbers)
    def delete_whole(self, n: int) -> None:
        self.same(lambda catalogue: sorted(document.id for document in catalogue.delete_whole(f"d{n}")))

    @rule(n=numbers)
    def erase(self, n: int) -> None:
        self.same(lambda catalogue: catalogue.erase(f"d{n}"))

    @rule(n=numbers, mistake=mistakes, digests=digests, text=hostile)
    def replace_chunks(self, n: int, mistake: int, digests: list[str], text: str) -> None:
        chunks = [Chunk(f"d{n}.{digest}", f"d{n}", i, "text", text, text) for i, digest in enumerate(digests)]
        self.same(lambda catalogue: catalogue.replace_chunks(f"d{n}", self.attempt(n) + mistake, chunks))

    @rule(n=numbers, mistake=mistakes, text=hostile)
    def replace_pictures(self, n: int, mistake: int, text: str) -> None:
        chunks = [Chunk(f"d{n}.z", f"d{n}", 9, "figure", text, text, batch=1)]
        self.same(lambda catalogue: catalogue.replace_chunks(f"d{n}", self.attempt(n) + mistake, chunks, 1))

    @rule(n=numbers, mistake=mistakes, digest=st.sampled_from("xyz"), text=hostile)
    def describe(self, n: int, mistake: int, digest: str, text: str) -> None:
        chunk = Chunk(f"d{n}.{digest}", f"d{n}", 9, "table", "other", text, description=text, described_by="model")
        self.same(lambda catalogue: catalogue.describe(f"d{n}", self.attempt(n) + mistake, [chunk]))

    @rule(name=names, n=numbers, text=hostile, digests=digests, ending=st.sampled_from(["ready", "partial", "failed"]))
    def take_in(self, name: str, n: int, text: str, digests: list[str], ending: Any) -> None:
        """A whole run, which steps drawn one by one would seldom get through."""
        self.record(name, n, n, text)
        self.update(n, 0, "running", 0.5, text)
        self.replace_chunks(n, 0, digests, text)
        if ending == "failed":
            self.update(n, 0, ending, None, text)
        else:
            self.publish(n, 0, ending, 1)

    def attempt(self, n: int) -> int:
        shelf = self.memory._shelves.get(f"d{n}")
        return shelf.document.attempt if shelf else 1

    # ------------------------------------------------------------ reading

    @rule(n=numbers, digest=st.sampled_from("xy"))
    def read_one(self, n: int, digest: str) -> None:
        self.same(lambda catalogue: catalogue.document(f"d{n}"))
        self.same(lambda catalogue: catalogue.chunks(f"d{n}"))
        self.same(lambda catalogue: evidence_ids([catalogue.chunk(f"d{n}.{digest}")]))
        self.same(lambda catalogue: catalogue.bytes_wanted(f"{n}"))

    @rule(name=names, status=st.sampled_from([None, "queued", "ready", "failed"]), limit=st.integers(1, 3))
    def read_many(self, name: str, status: Any, limit: int) -> None:
        def pages(catalogue: Catalogue) -> object:
            home, found, cursor = catalogue.collection(name).id, list[object](), None
            while True:
                page = catalogue.documents(home, status, limit, cursor)
                found, cursor = [*found, page.items], page.next_cursor
                if cursor is None:
                    return tuple(found)

        self.same(pages)
        self.same(lambda catalogue: catalogue.documents_in([catalogue.collection(name).id]))

    @invariant()
    def every_list_is_the_same(self) -> None:
        self.same(lambda catalogue: catalogue.unfinished())
        self.same(lambda catalogue: catalogue.deleted())
        self.same(lambda catalogue: catalogue.collections(10).items)

    @invariant()
    def what_can_be_found_is_the_same(self) -> None:
        def found(catalogue: Catalogue) -> object:
            everywhere = [collection.id for collection in catalogue.collections(10).items]
            chunks = catalogue.evidence([f"d{n}.{digest}" for n in range(3) for digest in "xyz"], everywhere)
            standing = catalogue.standing([f"d{n}.{digest}" for n in range(3) for digest in "zyx"], everywhere)
            return evidence_ids(chunks), [chunk.id for chunk in standing], catalogue.documents_in(everywhere)

        self.same(found)


def outcome_of(call: Callable[[Catalogue], object], catalogue: Catalogue) -> object:
    try:
        return call(catalogue)
    except ExhibitError as error:
        return type(error), str(error)


def evidence_ids(found: Any) -> object:
    return tuple((evidence.id, evidence.chunk, evidence.document.status) for evidence in found)


TestTwins = Twins.TestCase
TestTwins.settings = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a failure is reported as it was found: shrinking it takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
