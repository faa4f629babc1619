"""`exhibit ask QUESTION`: an answer as it is written, with its evidence."""

from __future__ import annotations

import argparse

from app.api.schemas import AnswerOut
from app.client import Exhibit
from app.commands.command import Command
from app.commands.connecting import connected, connection_arguments
from app.commands.search import scope_arguments
from app.commands.showing import answer_lines, json_of, plain
from domain.errors import Unavailable

ABSTAINED = 2  # exit code: the documents don't hold the answer


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question")
    scope_arguments(parser)
    connection_arguments(parser)


def run(options: argparse.Namespace) -> int:
    with connected(options) as exhibit:
        if options.json:
            answer = exhibit.ask(options.question, options.collection or "default", kinds=options.kind)
            print(json_of(answer))
        else:
            answer = _told(exhibit, options)
    return ABSTAINED if answer.verdict == "abstained" else 0


COMMAND = Command("ask", "ask your documents a question; exit code 2: they don't hold the answer", run, arguments)


def _told(exhibit: Exhibit, options: argparse.Namespace) -> AnswerOut:
    said = ""
    for event in exhibit.ask_streamed(options.question, options.collection or "default", kinds=options.kind):
        if isinstance(event, str):
            said += event
            print(plain(event), end="", flush=True)
        elif isinstance(event, AnswerOut):
            if event.answer != said:  # checked and changed after it was written
                print(("\n\n" if said else "") + plain(event.answer), end="")
            print("\n")
            print("\n".join(answer_lines(event, exhibit.url)))
            return event
    raise Unavailable("The answer broke off.")
