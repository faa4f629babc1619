"""Builds the prompt that asks a model what a picture or a table shows, and makes its reply harmless."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from domain.answers import ImagePart, Message, Prompt, TextPart
from domain.question import Question
from language.scripts import is_chinese
from prompts.neutral import quoted
from prompts.templates import templates

_FILE = "describe.md"
_VARIABLES = (
    ("system", frozenset({"language"})),
    ("picture", frozenset({"words"})),
    ("table", frozenset({"words"})),
)
_MOST_WORDS = 3000  # characters of the document that go along
MOST_DESCRIPTION = 1200  # characters that are kept of a reply


def version() -> str:
    """A hash of the prompt's words: descriptions made with other words are not reused."""
    return hashlib.sha256((files("prompts") / _FILE).read_bytes()).hexdigest()[:16]


def build(words: str, image: ImagePart | None) -> Prompt:
    """Without an image it is a table that is described, from its rows."""
    said = templates(_FILE, _VARIABLES)
    shown = quoted(words[:_MOST_WORDS]).replace("</words", "‹/words").strip()
    rules = said.say("system", language="Chinese" if is_chinese(words) else "the language of those words, else English")
    asked = TextPart(said.say("picture" if image else "table", words=shown or "(none)"))
    messages = (Message("system", (TextPart(rules),)), Message("user", (image, asked) if image else (asked,)))
    return Prompt(Question(), messages, ())


def harmless(reply: str) -> str:
    """Defuses a reply: a model may repeat markers, tags or orders from a hostile picture."""
    words = " ".join(quoted(reply).replace("<", "‹").replace(">", "›").split())
    return words if len(words) <= MOST_DESCRIPTION else words[: MOST_DESCRIPTION - 1] + "…"
