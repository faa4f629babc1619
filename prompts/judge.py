"""Asks a language model whether a text says what a claim says, and reads its one word back."""

from __future__ import annotations

import re

from domain.answers import Message, TextPart
from prompts.neutral import quoted
from prompts.templates import templates

_VARIABLES = (("system", frozenset[str]()), ("pair", frozenset({"text", "claim"})))
_WORTH = {"yes": 0.95, "partly": 0.4, "no": 0.05, "是": 0.95, "部分": 0.4, "否": 0.05, "不": 0.05}
_WORD = re.compile(r"\b(yes|partly|no)\b|(部分|是|否|不)", re.IGNORECASE)
_LONGEST = 12_000  # characters of the text that are shown


def question(claim: str, text: str) -> tuple[Message, ...]:
    said = templates("judge.md", _VARIABLES)
    pair = said.say("pair", text=quoted(text[:_LONGEST]), claim=quoted(claim))
    return Message("system", (TextPart(said.say("system")),)), Message("user", (TextPart(pair),))


def verdict(reply: str) -> float | None:
    """The support that the reply stands for, 0..1; None where it has none of the words."""
    found = _WORD.search(reply)
    return _WORTH[found.group().lower()] if found else None
