"""`exhibit ingest PATH…`: files and folders into a collection, with their progress and a summary.

file                                              then
its bytes are in the collection                   nothing is sent; a failed or cancelled one is tried again
--replace, and one document has its name          it becomes that document's new version
anything else                                     it is sent

Sending goes on while the service reads what was sent before.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from app.api.schemas import DocumentOut, UploadedOut
from app.client import FINISHED, Exhibit, Refused
from app.commands.command import Command
from app.commands.connecting import connected, connection_arguments
from app.commands.files import Given, files_of, sha256_of
from app.commands.progress import Progress
from app.commands.showing import READ, plain
from domain.errors import BadRequest

AT_ONCE = 8  # documents looked at in one round: the queue is worked off in order, so those that were sent first
ROUND_S = 0.4
SMALL = 50_000  # bytes: also the smallest file takes some time
UNWANTED = 415  # the service's status for a type of file that it doesn't take in

State = Literal["waiting", "sent", "known", "refused", "unreadable"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, and what has become of it."""

    file: Given
    state: State = "waiting"
    document: DocumentOut | None = None
    why: str = ""
    unwanted: bool = False  # refused for its type, but only found in a folder: skipped, which is no failure

    @property
    def name(self) -> str:
        """A member of an archive is called by both names."""
        inside = self.document is not None and self.document.name != self.file.name
        return f"{self.file.path} › {self.document.name}" if inside and self.document else str(self.file.path)

    @property
    def finished(self) -> bool:
        if self.state in ("refused", "unreadable"):
            return True
        return self.document is not None and self.document.status in FINISHED

    @property
    def failed(self) -> bool:
        if self.state in ("refused", "unreadable"):
            return not self.unwanted
        return self.document is not None and self.document.status in ("failed", "cancelled")

    @property
    def share(self) -> float:
        if self.finished:
            return 1.0
        return self.document.progress if self.document is not None else 0.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="files, and folders with everything in them"
    )
    parser.add_argument(
        "--collection", default="default", metavar="NAME", help="the collection, created if needed (default)"
    )
    parser.add_argument("--no-recursive", action="store_true", help="leave out folders within the folders")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="a changed file becomes a new version of the document with its name; the former stays findable until then",
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="end when everything is sent; the service goes on reading"
    )
    connection_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """The exit code is 1 when a file was refused or could not be read."""
    files = files_of(options.paths, recursive=not options.no_recursive)
    if not files:
        raise BadRequest("There are no files in it.")
    progress = Progress()
    with connected(options, makes=True) as exhibit:
        exhibit.ensure_collection(options.collection)
        entries = _taken_in(exhibit, files, options, progress)
    progress.clear()
    print("\n".join(summary(entries, options.collection, progress.took())))
    return 1 if any(entry.failed for entry in entries) else 0


COMMAND = Command("ingest", "take in files and folders, and wait until they are read", run, arguments)


# ---------------------------------------------------------------- taking in


def _taken_in(exhibit: Exhibit, files: Sequence[Given], options: argparse.Namespace, progress: Progress) -> list[Entry]:
    """Sends in one thread and watches in this one. If interrupted, the service goes on reading what was sent."""
    entries = [Entry(file) for file in files]
    stop = threading.Event()

    def send() -> None:
        for at, file in enumerate(files):
            if stop.is_set():
                return
            entries[at], *more = sent(exhibit, file, options.collection, options.replace)
            entries.extend(more)

    with ThreadPoolExecutor(1, thread_name_prefix="sending") as pool:
        sending = pool.submit(send)
        try:
            _watch(exhibit, entries, progress, sending.done, wait=not options.no_wait)
        finally:
            stop.set()
    sending.result()
    return entries


def sent(exhibit: Exhibit, file: Given, collection: str, replaces: bool) -> list[Entry]:
    """The file once the service has taken it, knows it, or refuses it; an archive or an e-mail gives several."""
    entry = Entry(file)
    try:
        for known in exhibit.documents(collection, sha256=sha256_of(file.path)):
            again = known.status in ("failed", "cancelled")
            return [replace(entry, state="known", document=exhibit.retry(known.id) if again else known)]
        old = _of_that_name(exhibit, file, collection) if replaces else None
        return _uploaded(entry, exhibit.upload_all(file.path, collection, replaces=old))
    except Refused as error:
        unwanted = error.status == UNWANTED and not file.named
        return [replace(entry, state="refused", why=str(error), unwanted=unwanted)]
    except OSError as error:
        return [replace(entry, state="unreadable", why=f"it can't be read: {error.strerror or error}")]


def _uploaded(entry: Entry, answer: UploadedOut) -> list[Entry]:
    """Members of an archive whose type is not taken in are skipped, as files of a folder are."""
    taken = [replace(entry, state="known" if one.duplicate else "sent", document=one) for one in answer.documents]
    return taken + [
        replace(entry, state="refused", why=f"{one.name}: {one.detail}", unwanted=one.status == UNWANTED)
        for one in answer.rejected
    ]


def _of_that_name(exhibit: Exhibit, file: Given, collection: str) -> str | None:
    """Raises Refused where it can't be told which document is meant."""
    there = [document.id for document in exhibit.documents(collection, name=file.name)]
    if len(there) > 1:
        raise Refused(409, f"{len(there)} documents have this name, so none of them is replaced: delete all but one.")
    return there[0] if there else None


def _watch(
    exhibit: Exhibit, entries: list[Entry], progress: Progress, all_sent: Callable[[], bool], wait: bool
) -> None:
    """Until everything is sent and, with `wait`, read. Reports each file once it is finished."""
    told: set[int] = set()
    while True:
        done = all_sent()  # asked first: what is sent after it is seen in the next round
        for at in _those_in_work(entries):
            _look(exhibit, entries, at)
        for at, entry in enumerate(entries):
            if at not in told and entry.finished:
                told.add(at)
                _tell(progress, entry)
        progress.show(share_of(entries), _doing(entries))
        if done and (not wait or not _those_in_work(entries)):
            return
        time.sleep(ROUND_S)


def _those_in_work(entries: Sequence[Entry]) -> list[int]:
    unfinished = (at for at, entry in enumerate(entries) if entry.document is not None and not entry.finished)
    return [at for _, at in zip(range(AT_ONCE), unfinished, strict=False)]


def _look(exhibit: Exhibit, entries: list[Entry], at: int) -> None:
    entry = entries[at]
    assert entry.document is not None
    try:
        entries[at] = replace(entry, document=exhibit.document(entry.document.id))
    except Refused as error:  # deleted meanwhile
        entries[at] = replace(entry, state="refused", why=str(error))


# ---------------------------------------------------------------- telling


def share_of(entries: Sequence[Entry]) -> float:
    """By size: a book counts for more than a note."""
    weights = [max(SMALL, entry.file.size) for entry in entries]
    return sum(weight * entry.share for weight, entry in zip(weights, entries, strict=True)) / sum(weights)


def _doing(entries: Sequence[Entry]) -> str:
    done = sum(entry.finished for entry in entries)
    running = [entry.document for entry in entries if entry.document and entry.document.status == "running"]
    return f"{done} of {len(entries)}{''.join(map(_at_work, running[:2]))}"


def _at_work(document: DocumentOut) -> str:
    early = " (its text is found already)" if document.findable else ""
    return f", {plain(document.name)}: {document.stage or 'begins'} {document.progress:.0%}{early}"


def _tell(progress: Progress, entry: Entry) -> None:
    mark = "✗" if entry.failed else "–" if entry.unwanted else "✓"
    progress.say(f"{mark} {plain(entry.name)}{_remark(entry)}")
    for problem in entry.document.problems[:3] if entry.document is not None else ():
        progress.say(f"    {f'page {problem.page}: ' if problem.page else ''}{plain(problem.message)}")


def _remark(entry: Entry) -> str:
    document = entry.document
    if entry.why or document is None:
        return f": {plain(entry.why)}"
    if entry.state == "known" and document.status in READ:
        return ": there already"
    if document.status not in READ:
        return f": {document.status}"
    counts = ", ".join(f"{count} {kind}" for kind, count in document.chunks.items() if count)
    pages = f"{document.pages} pages, " if document.pages else ""
    return f": {'' if document.status == 'ready' else 'partly read, '}{pages}{counts}"


def summary(entries: Sequence[Entry], collection: str, took: str) -> list[str]:
    """Totals, and once more what went wrong."""
    read = [entry for entry in entries if entry.document is not None and entry.document.status in READ]
    new = [entry.document for entry in read if entry.state == "sent" and entry.document is not None]
    counted = [
        (len(new), f"taken in ({sum(one.pages or 0 for one in new)} pages, {_chunks(new)} chunks)"),
        (sum(entry.state == "known" for entry in read), "there already"),
        (sum(one.status == "partial" for one in new), "of them only in part"),
        (sum(not entry.finished for entry in entries), "still being read"),
        (sum(entry.unwanted for entry in entries), "skipped"),
        (sum(entry.failed for entry in entries), "failed"),
    ]
    told = ", ".join(f"{count} {words}" for count, words in counted if count)
    lines = [f"{len(entries)} files for the collection {collection}: {told}. It took {took}."]
    lines += [f"✗ {plain(entry.name)}: {plain(_fault(entry))}" for entry in entries if entry.failed]
    return lines


def _chunks(documents: Sequence[DocumentOut]) -> int:
    return sum(sum(document.chunks.values()) for document in documents)


def _fault(entry: Entry) -> str:
    document = entry.document
    if entry.why or document is None:
        return entry.why
    return document.problems[0].message if document.problems else f"it was {document.status}"
