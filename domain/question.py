"""A question as it was read, once: the values that retrieval, answering, the prompt and the trace share.

Made by `answering.question.read`; no other module looks at the text again to tell what kind of question it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]
SmallTalk = Literal["", "help", "greeting", "thanks", "goodbye"]
Leaning = Literal["", "pronoun", "ellipsis"]
Sort = Literal["ordinary", "summary", "count", "list", "mention", "pages", "extreme"]


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording of a question, and what is read from it alone."""

    text: str = ""
    language: Language = "en"

    @property
    def chinese(self) -> bool:
        return self.language == "zh"


@dataclass(frozen=True, slots=True)
class Intent:
    """Whether it asks what documents say, for whole documents, or about the library."""

    sort: Sort = "ordinary"
    type: str = ""  # of documents: the English of a `Noun` (ingest/parse/nouns.py); empty: any
    about: str = ""  # summary, pages: what names the document; empty: the one there is. mention: what is mentioned
    status: str = ""  # ready, partial, failed, cancelled, queued, running
    since: str = ""  # today, yesterday, week, month
    field: tuple[str, str] | None = None  # of the metadata, and its value
    which: str = ""  # extreme: newest, oldest, longest, shortest, largest, smallest
    counted: bool = False  # mention: how many


@dataclass(frozen=True, slots=True)
class Cues:
    """What it names of the place where its answer stands, and of the form that this has there."""

    pages: frozenset[int] = frozenset()
    labels: frozenset[tuple[str, str]] = frozenset()  # ("figure", "3")
    figure: bool = False  # it is about something drawn: a figure, or a part of one such as a bar or a colour
    picture: bool = False  # it names a picture as such, so that the image space votes however far its nearest is
    table: bool = False
    quantity: bool = False
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """`asked` is made standalone, and `standalone` is searched for without what it says of the answer's form."""

    asked: Wording = Wording()  # as it came; the answer is in its language
    standalone: Wording = Wording()  # with what it takes from the conversation
    about: Wording = Wording()  # what is searched for
    hints: str = ""  # further words that an answer may hold; they count less than those of `about`
    cues: Cues = Cues()  # of `about`
    intent: Intent = Intent()
    small_talk: SmallTalk = ""  # it asks nothing of any document
    leans: Leaning = ""  # on the conversation before it
    rewritten: str = ""  # why `standalone` is in other words than `asked`

    @property
    def chinese(self) -> bool:
        """Whether the answer is to be in Chinese."""
        return self.asked.chinese
