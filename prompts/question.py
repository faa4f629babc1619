"""Asks a language model for a question about a passage, and reads what it replied."""

from __future__ import annotations

import re

from domain.answers import Message, Prompt, TextPart
from domain.question import Question
from prompts.neutral import in_one_line, quoted
from prompts.templates import templates

_VARIABLES = (("system", frozenset[str]()), ("ask", frozenset({"document", "text"})))
_REPLY = re.compile(
    r"(?:question|问题)\s*+[:：]\s*(?P<question>[^\n]{8,400})\n\s*+(?:answer|答案)\s*+[:：]\s*(?P<answer>[^\n]{1,300})",
    re.IGNORECASE,
)
_LONGEST_PASSAGE = 4_000  # characters


def build_question(document: str, text: str) -> Prompt:
    said = templates("question.md", _VARIABLES)
    asked = said.say("ask", document=in_one_line(document), text=quoted(text[:_LONGEST_PASSAGE]))
    messages = (Message("system", (TextPart(said.say("system")),)), Message("user", (TextPart(asked),)))
    return Prompt(Question(), messages, ())


def read_question(reply: str) -> tuple[str, str] | None:
    """(question, answer); None where the model said something else."""
    read = _REPLY.search(reply.replace("**", ""))
    if read is None:
        return None
    return read["question"].strip(), read["answer"].strip()
