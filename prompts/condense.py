"""Builds the prompt that makes a follow-up a question of its own, and reads the reply."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.answers import Message, Prompt, TextPart
from domain.question import Question
from prompts.markers import without_markers
from prompts.neutral import neutral
from prompts.templates import templates

MOST_MESSAGES = 6
LONGEST_MESSAGE = 1_000  # characters
LOOKED_AT = 4 * LONGEST_MESSAGE  # of which markers and spaces go
LONGEST_REPLY = 500

_VARIABLES = (("system", frozenset[str]()), ("ask", frozenset({"conversation", "question"})))
_LABEL = re.compile(
    r"^(?:standalone question|the same question[^:：]*|question|问题|独立问题)\s*[:：]\s*", re.IGNORECASE
)


def condensing(question: Question, history: Sequence[Message]) -> Prompt:
    said = templates("condense.md", _VARIABLES)
    spoken = [message for message in history if message.role != "system" and message.text.strip()]
    conversation = "\n".join(_line(message) for message in spoken[-MOST_MESSAGES:])
    asked = said.say("ask", conversation=conversation, question=neutral(question.asked.text).strip())
    messages = (
        Message("system", (TextPart(said.say("system")),)),
        Message("user", (TextPart(asked),)),
    )
    return Prompt(question, messages, ())


def condensed(reply: str) -> str:
    """The question in the reply; empty where there is none."""
    lines = [line.strip() for line in without_markers(reply).splitlines() if line.strip()]
    if not lines:
        return ""
    line = _LABEL.sub("", lines[0]).strip().strip("\"'“”「」`*").strip()
    return line if len(line) <= LONGEST_REPLY else ""


def _line(message: Message) -> str:
    text = " ".join(neutral(without_markers(message.text[:LOOKED_AT])).split())
    return f"{message.role}: {text[:LONGEST_MESSAGE]}"
