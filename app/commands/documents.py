"""`exhibit list`: the collections, or the documents of one."""

from __future__ import annotations

import argparse
from typing import get_args

from app.commands.command import Command
from app.commands.connecting import connected, connection_arguments
from app.commands.showing import document_line, json_of, plain
from domain.documents import Status


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("collection", nargs="?", default="default", help="its name (default)")
    parser.add_argument("--collections", action="store_true", help="list the collections instead")
    parser.add_argument("--status", choices=get_args(Status), help="only documents in this state")
    parser.add_argument("--json", action="store_true", help="print the service's JSON")
    connection_arguments(parser)


def run(options: argparse.Namespace) -> int:
    with connected(options) as exhibit:
        if options.collections:
            collections = list(exhibit.collections())
            print(json_of(collections) if options.json else "\n".join(plain(one.name) for one in collections))
            return 0
        documents = list(exhibit.documents(options.collection, status=options.status))
        if options.json:
            print(json_of(documents))
        for document in documents if not options.json else ():
            print(document_line(document))
    return 0


COMMAND = Command("list", "list the documents of a collection, or the collections", run, arguments)
