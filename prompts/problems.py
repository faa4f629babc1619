"""The message when an answer breaks off: in English the error's own, in Chinese one for its kind."""

from __future__ import annotations

from domain.errors import ExhibitError
from domain.question import Question
from prompts.templates import templates

KINDS = ("ModelUnavailable", "PromptTooLong", "TooManyImages", "Unavailable", "Exception")
_SECTIONS = tuple((section, frozenset[str]()) for section in ("title", *KINDS))


def broken_off(error: Exception, question: Question) -> tuple[str, str]:
    """Title and sentence. An unexpected error shows no details."""
    if question.chinese:
        words = templates("problems.zh.md", _SECTIONS)
        kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in KINDS)
        return words.say("title"), words.say(kind)
    if isinstance(error, ExhibitError):
        return error.title, str(error)
    return "Internal error", "Something went wrong inside Exhibit."
