"""Builds the prompt that asks for an answer: rules, numbered sources, their images, the conversation, the question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from domain.answers import ImagePart, Message, Prompt, Role, TextPart
from domain.evidence import Evidence
from domain.question import Question
from language.scripts import folded, has_cjk
from language.terms import terms
from prompts.markers import without_markers
from prompts.neutral import in_one_line, neutral, quoted
from prompts.templates import Templates, templates

_VARIABLES = (
    ("system", frozenset({"abstention"})),
    ("wishes", frozenset({"wishes"})),
    ("sources", frozenset({"sources"})),
    ("source", frozenset({"n", "document", "where", "kind", "text"})),
    ("described", frozenset({"description"})),
    ("image", frozenset({"n"})),
    ("nothing", frozenset[str]()),
    ("question", frozenset({"question"})),
    ("missing", frozenset({"question"})),
    ("missing_empty", frozenset({"question"})),
    ("missing_picture", frozenset[str]()),
    ("missing_words", frozenset({"question", "words"})),
)
_ABSTENTIONS = {"answer.md": "This is not in your documents.", "answer.zh.md": "您的文档中没有相关内容。"}
_LONGEST_ABSTENTION = 200  # characters, with markers and spaces
_MOST_WISHES = 4000  # characters of the caller's own system message

Part = TextPart | ImagePart


def build(
    question: Question,
    history: Sequence[Message],
    evidence: Sequence[Evidence],
    images: Mapping[str, ImagePart],
    question_images: Sequence[ImagePart] = (),
) -> Prompt:
    """`images` is keyed by evidence id. What is fixed comes first, so that servers can keep its prefix.

    A system message in the history is a wish of the caller, below our own rules.
    """
    said = templates(_file(question), _VARIABLES)
    wishes = "\n".join(message.text for message in history if message.role == "system").strip()
    asked = said.say("question", question=neutral(question.asked.text).strip())
    messages = [
        Message("system", (TextPart(_rules(said, question, wishes)),)),
        Message("user", (*_sources(said, evidence), *_pictures(said, evidence, images))),
        *(_earlier(message) for message in history if message.role != "system"),
        Message("user", (*question_images, TextPart(asked))),
    ]
    return Prompt(question, _alternating(messages), tuple(evidence))


def abstention(question: Question) -> str:
    """The sentence for documents without the answer, in the language of the question."""
    return _ABSTENTIONS[_file(question)]


def missing_from(question: Question, shown: Sequence[str]) -> str:
    """Says that no passage answers, and which words of the question are in none of them."""
    known = {term for text in shown for term in terms(text)}
    wanted = " ".join(neutral(question.standalone.text).split())[:_MOST_MISSING]
    words = [
        word for word in _WORD.findall(wanted) if len(word) > 2 and (found := terms(word)) and not set(found) & known
    ]
    said = templates(_file(question), _VARIABLES)
    if not wanted:
        return said.say("missing_picture")
    if not shown:
        return said.say("missing_empty", question=wanted)
    if not words or has_cjk(wanted):  # Chinese words can't be told apart without a dictionary
        return said.say("missing", question=wanted)
    named = ("、" if question.chinese else ", ").join(f"“{word}”" for word in list(dict.fromkeys(words))[:_MOST_WORDS])
    return said.say("missing_words", question=wanted, words=named)


_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
_MOST_WORDS = 6
_MOST_MISSING = 400  # characters


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", folded(text))


_ABSTAINING = frozenset(map(_letters, _ABSTENTIONS.values()))


def abstains(answer: str) -> bool:
    """Whether an answer is exactly the sentence of an abstention, in either language."""
    return _letters(without_markers(answer)) in _ABSTAINING


def begins_abstaining(said: str) -> bool:
    """Whether more of a text could make it an abstention."""
    plain = _letters(without_markers(said[:_LONGEST_ABSTENTION]))
    return len(said) <= _LONGEST_ABSTENTION and any(text.startswith(plain) for text in _ABSTAINING)


def _file(question: Question) -> str:
    return "answer.zh.md" if question.chinese else "answer.md"


def _rules(said: Templates, question: Question, wishes: str) -> str:
    rules = said.say("system", abstention=abstention(question))
    if not wishes:
        return rules
    return f"{rules}\n\n{said.say('wishes', wishes=neutral(wishes[:_MOST_WISHES]))}"


def _sources(said: Templates, evidence: Sequence[Evidence]) -> tuple[Part, ...]:
    if not evidence:
        return (TextPart(said.say("nothing")),)
    shown = "\n\n".join(_source(said, n, one) for n, one in enumerate(evidence, start=1))
    return (TextPart(said.say("sources", sources=shown)),)


def _source(said: Templates, n: int, one: Evidence) -> str:
    return said.say(
        "source",
        n=str(n),
        document=in_one_line(one.document.name),
        where=_where(one),
        kind=one.chunk.kind,
        text=_text(said, one),
    )


def _text(said: Templates, one: Evidence) -> str:
    """The document's words, then a model's description, marked as one."""
    text, description = quoted(one.chunk.text).strip(), in_one_line(one.chunk.description, 1200)
    if not description:
        return text
    return f"{text}\n{said.say('described', description=description)}".strip()


def _where(one: Evidence) -> str:
    place = one.chunk.place
    known = {
        "page": str(one.chunk.page) if one.chunk.page is not None else "",
        "heading": in_one_line(" › ".join(place.heading)) if place else "",
        "sheet": in_one_line(place.sheet) if place and place.sheet else "",
        "rows": f"{place.rows[0]}-{place.rows[1]}" if place and place.rows else "",
    }
    return "".join(f'{name}="{value}" ' for name, value in known.items() if value)


def _pictures(said: Templates, evidence: Sequence[Evidence], images: Mapping[str, ImagePart]) -> list[Part]:
    parts: list[Part] = []
    for n, one in enumerate(evidence, start=1):
        if one.id in images:
            parts += [TextPart(said.say("image", n=str(n))), images[one.id]]
    return parts


def _earlier(message: Message) -> Message:
    def told(text: str) -> str:
        return neutral(without_markers(text) if message.role == "assistant" else text)

    return Message(
        message.role, tuple(TextPart(told(part.text)) if isinstance(part, TextPart) else part for part in message.parts)
    )


def _alternating(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Joins neighbouring messages of one role: many chat templates refuse two in a row."""
    merged: list[tuple[Role, list[Part]]] = []
    for message in messages:
        if not merged or merged[-1][0] != message.role:
            merged.append((message.role, []))
        for part in message.parts:
            _append(merged[-1][1], part)
    return tuple(Message(role, tuple(parts)) for role, parts in merged)


def _append(parts: list[Part], part: Part) -> None:
    if parts and isinstance(part, TextPart) and isinstance(parts[-1], TextPart):
        parts[-1] = TextPart(f"{parts[-1].text}\n\n{part.text}")
    else:
        parts.append(part)
