"""`exhibit search QUERY`: the evidence that fits best."""

from __future__ import annotations

import argparse
import base64
import mimetypes
import sys
from pathlib import Path

from app.commands.command import Command
from app.commands.connecting import connected, connection_arguments
from app.commands.showing import evidence_lines, json_of, plain
from domain.documents import KINDS
from domain.errors import BadRequest


def scope_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that `search` and `ask` share."""
    parser.add_argument(
        "--collection", action="append", default=None, metavar="NAME", help="collection to search; repeatable (default)"
    )
    parser.add_argument(
        "--kind", action="append", default=[], choices=KINDS, help="only evidence of this kind; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="print the service's JSON")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", nargs="?", default="", help="words to search for")
    parser.add_argument("--image", type=Path, metavar="FILE", help="search by this picture, alone or with words")
    parser.add_argument("--top", type=int, default=8, metavar="N", help="how many pieces of evidence, at most (8)")
    scope_arguments(parser)
    connection_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """The exit code is 1 when nothing was found, as grep's is."""
    image = _data_url(options.image) if options.image else None
    if not options.query and image is None:
        raise BadRequest("Say what to search for: words, or a picture with --image.")
    with connected(options) as exhibit:
        answer = exhibit.found(
            options.query, options.collection or "default", image=image, top_k=options.top, kinds=options.kind
        )
        found = answer.evidence
        for notice in answer.notices:
            print(f"note: {plain(notice.message)}", file=sys.stderr)
        if options.json:
            print(json_of(found))
        for number, evidence in enumerate(found, start=1) if not options.json else ():
            print("\n".join(evidence_lines(number, evidence, exhibit.url)))
    return 0 if found else 1


COMMAND = Command("search", "find evidence in your documents", run, arguments)


def _data_url(path: Path) -> str:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    try:
        return f"data:{media_type};base64,{base64.b64encode(path.read_bytes()).decode()}"
    except OSError as error:
        raise BadRequest(f"{path} can't be read: {error.strerror}.") from error
