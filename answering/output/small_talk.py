"""The replies to small talk."""

from __future__ import annotations

from domain.question import Question
from prompts.templates import templates

_VARIABLES = tuple((name, frozenset[str]()) for name in ("greeting", "thanks", "goodbye", "help"))


def reply_to(question: Question) -> str:
    name = "small_talk.zh.md" if question.chinese else "small_talk.md"
    return templates(name, _VARIABLES, __package__).say(question.small_talk)
