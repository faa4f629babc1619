"""Reads a question: the one place where its text is looked at to tell what kind of question it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from answering.question.asks import asks_of
from answering.question.cues import cues_of
from answering.question.follow_up import MOST_TURNS, leans_on, standalone
from answering.question.form import without_form
from answering.question.hints import computed_from
from answering.question.intents import intent_of
from answering.question.small_talk import kind_of
from answering.question.wants import wants_of, without_references
from domain.answers import Message
from domain.question import Language, Leaning, Question, Wording
from language.scripts import is_chinese

LONGEST = 8_000  # characters that are searched for
_NOTHING = {0: " ", 0xFFFD: " "}  # NUL, and what stands for it after a request was read
_BLANK = "".join(one for one in map(chr, range(0x3001)) if one.isspace() or ord(one) in _NOTHING) + "\ufffd"


def read(text: str, history: Sequence[Message] = (), pictured: bool = False) -> Question:
    """By patterns alone: where the question leans on the conversation, terms of that are carried over. `pictured`: a
    picture came with it, so that it is no small talk."""
    if not pictured and (small_talk := kind_of(text)):
        return replace(_read(text, text), small_talk=small_talk)
    leans = leans_on(text) if any(message.role == "user" for message in history) else ""
    if not leans:
        return _read(text, text)
    asked = (message.text for message in reversed(history) if message.role == "user")
    earlier = list(islice((one for one in asked if not one.isspace() and one), MOST_TURNS))[::-1]
    if not earlier:
        return _read(text, text)
    answered = next((message.text for message in reversed(history) if message.role == "assistant"), "")
    whole = standalone(text, earlier, answered)
    if not searchable(whole).strip("?？.。!！ "):  # "why?", then "And him?": the conversation has nothing to carry over
        return _read(text, text)
    return _read(text, whole, leans, f"it leans on the conversation ({leans}): terms were carried over")


def written_out(question: Question, text: str, model: str) -> Question:
    """The same question, its standalone wording by a language model."""
    why = f"it leans on the conversation ({question.leans}): written out by {model}"
    return _read(question.asked.text, text, question.leans, why)


def searchable(text: str) -> str:
    return text.strip(_BLANK)[:LONGEST].translate(_NOTHING)


def _read(asked: str, standalone: str, leans: Leaning = "", rewritten: str = "") -> Question:
    whole = _worded(searchable(standalone))
    about = _worded(without_form(whole.text), whole)
    return Question(
        asked=whole if asked == whole.text else Wording(asked, _language(asked)),
        standalone=whole,
        about=about,
        hints=computed_from(about.text),
        cues=cues_of(about.text),
        intent=intent_of(asked[:LONGEST], whole.text if rewritten else ""),
        leans=leans,
        rewritten=rewritten,
    )


def _worded(text: str, known: Wording | None = None) -> Wording:
    """The known one where it is of the same text: most questions have one wording."""
    if known is not None and known.text == text:
        return known
    language = _language(text)
    return Wording(text, language, wants_of(text), asks_of(without_references(text), language))


def _language(text: str) -> Language:
    return "zh" if is_chinese(text[:LONGEST]) else "en"
