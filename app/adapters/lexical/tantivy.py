"""BM25 in Tantivy: one index folder per collection; our own analyser makes the tokens.

Each chunk is indexed by its own words and, in a second field, by those around it on its page (`page_context.py`). The
words themselves are stored, so that what is added later to a page finds those that stand there already.

A writer is opened for one `add` or `remove` and closed after it (about 20 ms with the commit), so that processes may
take turns; the operating system frees the lock of one that was killed. Readers look at `meta.json` before a search and
reload when it is another: what a process committed is seen by all at once.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import tantivy

from app.adapters.lexical.page_context import analysed, surroundings, touched
from app.adapters.lexical.tantivy_documents import document_of, schema, standing
from app.adapters.lexical.tantivy_queries import HINT, most_score, query_of, rarest
from app.adapters.vectors.index_names import slug
from domain.documents import Kind
from domain.errors import Unavailable
from domain.ports import WordsRow
from language.analyser import query_terms

VERSION = 3  # of the analyser and the schema: another one is another folder, filled again from the catalogue
WRITER_MEMORY = 50_000_000  # bytes
WAIT_FOR_WRITER_S = 30.0
BUILDING = ".building"
MOST_IDS = 100_000  # remembered of one state of an index


@dataclass(frozen=True, slots=True)
class _Open:
    """A collection's index as it was when `meta.json` looked like `seen`."""

    index: tantivy.Index
    searcher: tantivy.Searcher
    seen: tuple[int, int, int]
    ids: dict[tuple[int, int], str] = field(default_factory=dict)  # by segment and place in it, once read

    def chunk_id(self, address: tantivy.DocAddress) -> str:
        """A document is read out of a packed block, with all the words that are kept of it: 10 µs."""
        place = (address.segment_ord, address.doc)
        known = self.ids.get(place)
        if known is None:
            if len(self.ids) >= MOST_IDS:
                self.ids.clear()
            known = self.ids[place] = str(self.searcher.doc(address).get_first("chunk"))
        return known


class TantivyWords:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()
        self._writing: dict[str, threading.Lock] = {}

    def add(self, collection_id: str, rows: Sequence[WordsRow]) -> None:
        distinct = {row.chunk_id: (row, analysed(row)) for row in rows}  # the slow part, before the writer is taken

        def write(writer: tantivy.IndexWriter, searcher: tantivy.Searcher) -> None:
            """What stands on the same pages already is written again where it has new neighbours."""
            places = {chunk.place for _, chunk in distinct.values() if chunk.place[1] is not None}
            there = [one for one in standing(searcher, places) if one.chunk.chunk_id not in distinct]
            kinds = {row.chunk_id: row.kind for row, _ in distinct.values()}
            kinds |= {one.chunk.chunk_id: one.kind for one in there}
            chunks = [chunk for _, chunk in distinct.values()] + [one.chunk for one in there]
            around, changed = surroundings(chunks), touched(chunks, distinct.keys())
            for chunk in (each for each in chunks if each.chunk_id in changed):
                writer.delete_documents_by_term("chunk", chunk.chunk_id)
                writer.add_document(document_of(chunk, kinds[chunk.chunk_id], around[chunk.chunk_id]))

        if distinct:
            self._write(collection_id, write)

    def search(
        self,
        collection_id: str,
        text: str,
        k: int,
        kinds: frozenset[Kind] = frozenset(),
        documents: frozenset[str] | None = None,
        hints: str = "",
    ) -> tuple[tuple[str, float], ...]:
        opened = self._current(collection_id)
        if opened is None or k < 1 or documents == frozenset():
            return ()
        with _as_unavailable(collection_id):
            searcher = opened.searcher
            terms = dict.fromkeys(rarest(searcher, query_terms(hints)) if hints else (), HINT)
            terms |= dict.fromkeys(rarest(searcher, query_terms(text)), 1.0)
            most = most_score(searcher, terms)
            if not most:
                return ()
            found = searcher.search(query_of(terms, kinds, documents), min(k, searcher.num_docs), count=False).hits
            pairs = [(opened.chunk_id(address), float(score) / most) for score, address in found]
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    def remove(self, collection_id: str, chunk_ids: Sequence[str]) -> None:
        self._delete(collection_id, "chunk", chunk_ids)

    def remove_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        self._delete(collection_id, "document", document_ids)

    def ids(self, collection_id: str) -> frozenset[str]:
        opened = self._current(collection_id)
        if opened is None:
            return frozenset()
        with _as_unavailable(collection_id):
            # The dictionary still lists deleted chunks until segments merge; the filter counts the living.
            living = opened.searcher.terms_with_prefix("chunk", "", filter_query=tantivy.Query.all_query())
            return frozenset(chunk_id for chunk_id, count in living if count)

    def collections(self) -> frozenset[str]:
        """Ids of ours are their own slugs."""
        folders = self._root.iterdir() if self._root.is_dir() else ()
        return frozenset(name for name, _, rest in (f.name.partition(".") for f in folders) if rest == f"v{VERSION}")

    def rebuild(self, collection_id: str, rows: Callable[[frozenset[str]], Iterable[Sequence[WordsRow]]]) -> None:
        """Tantivy merges segments only as it sees fit: the room of what was removed comes back with a new index."""
        folder = self._folder(collection_id)
        building = folder.with_name(f"{folder.name}.{uuid4().hex}{BUILDING}")
        with self._write_lock(collection_id), _as_unavailable(collection_id):
            held = self.ids(collection_id)
            try:
                if held:
                    building.mkdir(mode=0o700, parents=True)
                    _filled(building, collection_id, rows(held))
                self._drop(collection_id, building if held else None)
            finally:
                shutil.rmtree(building, ignore_errors=True)

    def drop(self, collection_id: str) -> None:
        with self._write_lock(collection_id):
            self._drop(collection_id, None)

    def sweep(self) -> None:
        """Removes what was dropped, half built, or made by another version of ours."""
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.name.partition(".")[2] != f"v{VERSION}":
                shutil.rmtree(folder, ignore_errors=True)

    def _drop(self, collection_id: str, successor: Path | None) -> None:
        folder = self._folder(collection_id)
        with self._lock:
            doomed = folder.with_name(f"{folder.name}.{uuid4().hex}.dropped")
            with suppress(FileNotFoundError):
                folder.rename(doomed)  # gone at once, and then really
            if successor is not None:
                successor.rename(folder)
            self._open.pop(collection_id, None)
        shutil.rmtree(doomed, ignore_errors=True)

    def close(self) -> None:
        with self._lock:
            self._open.clear()

    def _folder(self, collection_id: str) -> Path:
        return self._root / f"{slug(collection_id)}.v{VERSION}"

    def _write_lock(self, collection_id: str) -> threading.Lock:
        with self._lock:
            return self._writing.setdefault(collection_id, threading.Lock())

    def _delete(self, collection_id: str, field: str, values: Sequence[str]) -> None:
        def write(writer: tantivy.IndexWriter, searcher: tantivy.Searcher) -> None:
            for value in values:
                writer.delete_documents_by_term(field, value)

        if values and (self._folder(collection_id) / "meta.json").is_file():
            self._write(collection_id, write)

    def _write(self, collection_id: str, write: Callable[[tantivy.IndexWriter, tantivy.Searcher], None]) -> None:
        """Committed and flushed to disk when it returns; merges are finished too, or segments would pile up."""
        with self._write_lock(collection_id), _as_unavailable(collection_id):
            folder = self._folder(collection_id)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            index = _index(folder)
            writer = _writer(index, collection_id)
            index.reload()  # after the writer is ours: nobody else writes now
            try:
                write(writer, index.searcher())
                writer.commit()
            except BaseException:
                writer.rollback()
                raise
            finally:
                writer.wait_merging_threads()

    def _current(self, collection_id: str) -> _Open | None:
        meta = self._folder(collection_id) / "meta.json"
        try:
            stat = meta.stat()
        except FileNotFoundError:
            return None
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        opened = self._open.get(collection_id)
        if opened is not None and opened.seen == seen:
            return opened
        with self._lock, _as_unavailable(collection_id):
            index = opened.index if opened is not None else _index(meta.parent)
            index.reload()
            self._open[collection_id] = fresh = _Open(index, index.searcher(), seen)
            return fresh


def _index(folder: Path) -> tantivy.Index:
    index = tantivy.Index(schema(), path=str(folder))
    # Our tokens hold no white space: joined by it, they are taken apart again as they were.
    index.register_tokenizer("tokens", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.config_reader("manual")
    return index


def _writer(index: tantivy.Index, collection_id: str) -> tantivy.IndexWriter:
    """Waits while another process writes."""
    patience = time.monotonic() + WAIT_FOR_WRITER_S
    while True:
        try:
            return index.writer(WRITER_MEMORY, 1)
        except ValueError as error:
            if "LockBusy" not in str(error) or time.monotonic() > patience:
                raise
            time.sleep(0.05)


def _filled(folder: Path, collection_id: str, rows: Iterable[Sequence[WordsRow]]) -> None:
    """`rows` come document by document: what stands around a chunk is of its own."""
    writer = _writer(_index(folder), collection_id)
    try:
        for some in rows:
            chunks = [analysed(row) for row in some]
            around = surroundings(chunks)
            for row, chunk in zip(some, chunks, strict=True):
                writer.add_document(document_of(chunk, row.kind, around[chunk.chunk_id]))
        writer.commit()
    finally:
        writer.wait_merging_threads()


@contextmanager
def _as_unavailable(collection_id: str) -> Iterator[None]:
    """Tantivy raises ValueError and OSError; and over garbled postings its panic, a BaseException without a name."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, (ValueError, OSError)) and type(error).__name__ != "PanicException":
            raise
        raise Unavailable(
            f"The words index of collection {collection_id} can't be used now: {error}", "the words index"
        ) from error
