"""A question as it was read, once: the values that retrieval, answering, the prompt and the trace share.

Made by `answering.question.read`; no other module looks at the text again to tell what kind of question it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]
SmallTalk = Literal["", "help", "greeting", "thanks", "goodbye"]
Leaning = Literal["", "pronoun", "ellipsis"]
AnswerKind = Literal["", "number", "time", "person", "reason", "place"]
Form = Literal["length", "chinese length", "clock", "weight"]
Shape = Literal["value", "list", "count", "yes_no", "comparison", "explanation"]
SubjectKind = Literal["name", "code", "thing"]
RestrictionKind = Literal["time", "way", "amount"]
Sort = Literal["ordinary", "summary", "count", "list", "mention", "pages", "extreme"]


@dataclass(frozen=True, slots=True)
class Wants:
    """What an answer to a question must be or have, as the built-in reader looks for it."""

    kind: AnswerKind = ""
    forms: tuple[Form, ...] = ()
    several: bool = False  # a list, reasons, steps
    compares: bool = False  # the answer takes all columns of a row: which is the largest, when was it less
    extreme: int = 0  # 1: the row that has the most, -1: the least
    figure: bool = False  # a figure, a table or a heading itself
    amount: bool = False  # no words answer it without a number
    amount_of: str = ""  # two Chinese characters, the end of what the amount is of
    counted: str = ""  # the stem of the noun that is counted: "how many boats"
    share: bool = False  # of a table: a percentage or a rate
    percentage: bool = False  # of a sentence
    times: frozenset[str] = frozenset()  # years and ordinals that it names
    source: frozenset[str] = frozenset()  # terms of where it is said, "according to …", which is not what is asked
    numbers: frozenset[str] = frozenset()  # that it names, of two digits or more, without those of pages and figures
    names: tuple[str, ...] = ()  # terms of the names in it


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about, with its modifiers: `class 9c`, `the Madrid office`, `the dishwasher`."""

    text: str  # as it stands in the question, without its article
    kind: SubjectKind = "thing"
    exact: tuple[str, ...] = ()  # names, codes and numbers within it, folded: evidence about it has all of them


@dataclass(frozen=True, slots=True)
class Restriction:
    """What narrows a question: a year, a quarter, `before 2026`, `by air`."""

    text: str
    kind: RestrictionKind
    exact: tuple[str, ...] = ()  # folded: a year, a month, `q2`


@dataclass(frozen=True, slots=True)
class Asks:
    """What a question wants to know, and of what."""

    subjects: tuple[Subject, ...] = ()
    attribute: str = ""  # what of them is asked: `rent`, `phone number`; empty where only its kind is told
    restrictions: tuple[Restriction, ...] = ()
    shape: Shape = "value"


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording of a question, and what is read from it alone."""

    text: str = ""
    language: Language = "en"
    wants: Wants = Wants()  # of what is searched for and answered; a follow-up as it came has none
    asks: Asks = Asks()

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
