"""What the reader of an answer is told when it breaks off: in English what the error says, in Chinese its kind."""

from __future__ import annotations

from domain.errors import ExhibitError
from language.scripts import is_chinese
from prompts.templates import templates

KINDS = ("ModelUnavailable", "PromptTooLong", "TooManyImages", "Unavailable", "Exception")
_SECTIONS = tuple((section, frozenset[str]()) for section in ("title", *KINDS))


def broken_off(error: Exception, question: str) -> tuple[str, str]:
    """The title and the sentence. What nobody foresaw keeps its insides to itself."""
    if is_chinese(question):
        words = templates("problems.zh.md", _SECTIONS)
        kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in KINDS)
        return words.say("title"), words.say(kind)
    if isinstance(error, ExhibitError):
        return error.title, str(error)
    return "Internal error", "Something went wrong inside Exhibit."
