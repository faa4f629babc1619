"""`exhibit reindex NAME…`: re-embeds collections with the models that the service runs, while searches go on."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

from app.api.schemas import CollectionOut
from app.client import Exhibit, Refused
from app.commands.command import Command
from app.commands.connecting import connected, connection_arguments
from app.commands.progress import Progress
from app.commands.showing import plain
from domain.errors import BadRequest

ROUND_S = 0.5


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="collections")
    parser.add_argument("--all", action="store_true", help="every collection")
    parser.add_argument(
        "--models",
        choices=("bundled", "standard"),
        help="the models you expect the service to run (EXHIBIT_MODELS); an error if it runs others",
    )
    parser.add_argument("--detach", action="store_true", help="don't wait; the service goes on by itself")
    connection_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """The exit code is 1 when a collection could not be re-embedded."""
    if bool(options.names) == options.all:
        raise BadRequest("Name collections, or give --all.")
    progress = Progress()
    with connected(options) as exhibit:
        names = options.names or [collection.name for collection in exhibit.collections()]
        begun = [exhibit.reindex(name, options.models) for name in dict.fromkeys(names)]
        for collection in begun:
            progress.say(_begun(collection))
        waiting = [collection for collection in begun if collection.reindex is not None]
        if options.detach or not waiting:
            return 0
        failed = followed(exhibit, waiting, progress)
    progress.say(f"It took {progress.took()}.")
    return 1 if failed else 0


COMMAND = Command("reindex", "re-embed collections with the models that the service runs", run, arguments)


@dataclass(frozen=True, slots=True)
class _Now:
    """A collection at this moment; `words` once it has ended."""

    done: int
    total: int
    words: str = ""
    failed: bool = False


def followed(exhibit: Exhibit, begun: list[CollectionOut], progress: Progress) -> int:
    """Returns how many failed."""
    now = {collection.name: _now(collection, 0) for collection in begun}
    while True:
        for name, before in now.items():
            if not before.words:
                now[name] = _look(exhibit, name, before.total)
                if now[name].words:
                    progress.say(f"{'✗' if now[name].failed else '✓'} {plain(name)}: {now[name].words}")
        if all(one.words for one in now.values()):
            progress.clear()
            return sum(one.failed for one in now.values())
        done, total = sum(one.done for one in now.values()), sum(one.total for one in now.values())
        progress.show(done / max(1, total), f"{done} of {total} pieces")
        time.sleep(ROUND_S)


def _look(exhibit: Exhibit, name: str, total: int) -> _Now:
    try:
        return _now(exhibit.collection(name), total)
    except Refused as error:
        if error.status != 404:
            raise
        return _Now(total, total, "it was deleted meanwhile")


def _now(collection: CollectionOut, total: int) -> _Now:
    reindex = collection.reindex
    if reindex is None:
        return _Now(total, total, f"its vectors are of {_encoders(collection)}")
    if reindex.state == "failed":
        return _Now(reindex.done, reindex.total, plain(reindex.problem or "it failed"), failed=True)
    return _Now(reindex.done, reindex.total)


def _begun(collection: CollectionOut) -> str:
    name = plain(collection.name)
    if collection.reindex is None and not collection.encoders:
        return f"– {name}: nothing is in it yet."
    if collection.reindex is None:
        return f"– {name}: nothing to do, its vectors are of {_encoders(collection)}, which the service runs."
    return f"{name} is being re-embedded; searches go on meanwhile."


def _encoders(collection: CollectionOut) -> str:
    return " and ".join(plain(encoder) for encoder in collection.encoders.values())
