"""`exhibit delete ID…`: documents, or a whole collection."""

from __future__ import annotations

import argparse
import sys

from app.client import Refused
from app.commands.command import Command
from app.commands.connecting import connected, connection_arguments
from domain.errors import BadRequest


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("documents", nargs="*", metavar="ID", help="documents, by their ids (`exhibit list`)")
    parser.add_argument("--collection", metavar="NAME", help="delete this collection and everything in it")
    connection_arguments(parser)


def run(options: argparse.Namespace) -> int:
    if bool(options.documents) == bool(options.collection):
        raise BadRequest("Name either documents, by their ids, or one collection.")
    failed = 0
    with connected(options) as exhibit:
        if options.collection:
            exhibit.delete_collection(options.collection)
            print(f"The collection {options.collection} is deleted.")
        for document_id in options.documents:
            try:
                exhibit.delete(document_id)
                print(f"{document_id} is deleted.")
            except Refused as error:
                print(f"{document_id}: {error}", file=sys.stderr)
                failed += 1
    return 1 if failed else 0


COMMAND = Command("delete", "delete documents, or a collection", run, arguments)
