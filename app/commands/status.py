"""`exhibit status [ID]`: how one document was read, or what the service is doing."""

from __future__ import annotations

import argparse
from collections import Counter

from app.api.schemas import CollectionOut, DocumentOut, PageReportOut
from app.client import Exhibit
from app.commands.command import Command
from app.commands.connecting import connected, connection_arguments
from app.commands.showing import document_line, json_of, plain


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("document", nargs="?", metavar="ID", help="a document's id; none: all collections")
    parser.add_argument("--json", action="store_true", help="print the service's JSON (of one document)")
    connection_arguments(parser)


def run(options: argparse.Namespace) -> int:
    with connected(options) as exhibit:
        if options.document is None:
            _show_all(exhibit)
            return 0
        document = exhibit.document(options.document)
        print(json_of(document) if options.json else "\n".join(_lines(document)))
    return 1 if document.status == "failed" else 0


COMMAND = Command("status", "tell how a document was read, or what is in the service", run, arguments)


def _show_all(exhibit: Exhibit) -> None:
    print(f"Exhibit at {exhibit.url}")
    for collection in exhibit.collections():
        states = Counter(document.status for document in exhibit.documents(collection.name))
        counts = ", ".join(f"{count} {status}" for status, count in sorted(states.items())) or "empty"
        print(f"  {plain(collection.name)}: {counts}{_reindex(collection)}")


def _reindex(collection: CollectionOut) -> str:
    reindex = collection.reindex
    if reindex is None:
        return ""
    if reindex.state == "failed":
        return f"; re-embedding it failed: {plain(reindex.problem or '')}"
    return f"; being re-embedded, {reindex.done} of {reindex.total} pieces"


def _lines(document: DocumentOut) -> list[str]:
    lines = [document_line(document)]
    lines += [
        f"  {'page ' + str(one.page) + ': ' if one.page else ''}{plain(one.message)}" for one in document.problems
    ]
    for page in document.page_report:
        lines.append(f"  page {page.page}: {', '.join(_page(page))}")
    return lines


def _page(page: PageReportOut) -> list[str]:
    sure = [f"confidence {page.confidence:.2f}"] if page.confidence is not None else []
    counted = {"tables": page.tables, "figures": page.figures, "of them without caption": page.uncaptioned}
    return [page.read_as, *sure, *(f"{count} {what}" for what, count in counted.items() if count)]
