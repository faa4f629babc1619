"""Whether a piece of evidence has what a question asks for: a number, a time, a reason, a place, a person, a form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from answering.extractive.passages import Quotable
from answering.extractive.sought import Sought
from domain.question import AnswerKind, Form
from language.numerals import numbers, spelled_numbers
from language.scripts import CJK, has_cjk

_TIMES = re.compile(
    r"\b(?:1\d|20)\d\d\b|\b\d{1,2}[:.]\d\d\b|\b(?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|yesterday|today)\b"
    r"|\d\s*[年月日号点]|世纪|星期|周[一二三四五六日]", re.I,
)  # fmt: skip
_REASONS = re.compile(
    r"\b(?:because|due to|since|so that|in order to|therefore|as a result|caused|owing to|thanks to|to avoid|reason)\b"
    r"|因为|由于|为了|所以|因此|导致|以便|原因", re.I,
)  # fmt: skip
_PLACES = re.compile(r"\b(?:in|at|near|from|to|on|of)\s+(?:the\s+)?[A-Z]|[在于到从往]")
_NAMES = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+")
_LENGTH = r"(?:k?m|cm|mm|km/h|\w{0,12}met(?:er|re)s?|feet|foot|ft|inch(?:es)?|yards?|miles?|stor(?:e?y|ies)|floors?)\b"
_SHARES = r"%|percent\b|per cent\b|points?\b|degrees?\b|°"
_WEIGHT = r"(?:k?g|grams?|kilo\w*|tons?|tonnes?|pounds?|lbs?)\b"
_ANY = (  # bounded: documents are untrusted input
    r"(?:\d[\d,.]{0,24}+"
    r"|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty|hundred|thousand|half))"
)
_HAN = r"[\d.,〇零一二两三四五六七八九十百千万几半]{1,24}+\s*+[多余]?+"
_CLOCK = (
    r"\d{1,2}[:.：]\d\d|\d\s*(?:[ap]\.?m\b|o.clock)|正午|午夜|日落|日出"
    r"|\b(?:noon|midnight|o.clock|dawn|dusk|sunrise|sunset|morning|evening|night)\b"
)
_FORMS: Mapping[Form, re.Pattern[str]] = {  # what the sentence that answers must have
    "length": re.compile(rf"{_ANY}[\s-]*(?:{_LENGTH}|{_SHARES})", re.I),
    "chinese length": re.compile(rf"{_HAN}\s*(?:[厘毫公分英]?[米尺寸]|丈|层|度|[cm]?m\b)|[%％℃°]|百分"),
    "clock": re.compile(rf"{_CLOCK}|{_HAN}[点时]", re.I),
    "weight": re.compile(rf"{_ANY}[\s-]*{_WEIGHT}|{_HAN}(?:公?斤|吨|[千毫]?克)", re.I),
}
_NO_COUNT = re.compile(  # dates, and numbers that are names
    r"\d{4}-\d\d-\d\d|\b[A-Z]{1,3}-?\d+\b|\b(?:figure|fig\.|table|chart|diagram) \d+"
    r"|[图表]\s*[\d一二三四五六七八九十]+",
    re.IGNORECASE,
)
_ENUMERATOR = re.compile(rf"\A(?:\(?\d{{1,2}}[.)、]\s*(?=\D)|\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}\s+(?=[A-Z{CJK}]))")
_CALENDAR = re.compile(
    r"January|February|March|April|May|June|July|August|September|October|November|December|\b\w+day"
)


def has_form(question: Sought, text: str) -> bool:
    return all(_FORMS[form].search(text) for form in question.wants.forms)


def fits(question: Sought, piece: Quotable) -> float:
    """1: it has what such a question asks for; 0: it has not; 0.5: cannot be told."""
    if piece.form != "row" and not has_form(question, piece.text):
        return 0.0
    if piece.singled:
        return 1.0
    if piece.form == "sentence" and piece.label and not (piece.terms - piece.label) - question.terms:
        return 0.0  # a field, and the question itself names its value
    kind = question.wants.kind
    if kind in _CUES and not (kind == "person" and has_cjk(piece.text)):
        return _CUES[kind](question, piece.text)
    return 1.0 if piece.label and piece.label <= question.terms else 0.5


def _number(question: Sought, text: str) -> float:
    counted = _NO_COUNT.sub(" ", _ENUMERATOR.sub("", text))
    return 1.0 if (numbers(counted) | spelled_numbers(counted)) - numbers(question.text) else 0.0


def _time(question: Sought, text: str) -> float:
    return 1.0 if _TIMES.search(text) and numbers(text) - numbers(question.text) else 0.0


def _reason(_: Sought, text: str) -> float:
    return 1.0 if _REASONS.search(text) else 0.3


def _place(_: Sought, text: str) -> float:
    return 1.0 if _PLACES.search(text) else 0.2


def _person(question: Sought, text: str) -> float:
    known = question.text.casefold()
    names = [name for name in _NAMES.findall(text) if not _CALENDAR.fullmatch(name)]
    return 1.0 if any(name.casefold() not in known for name in names) else 0.1


_CUES: Mapping[AnswerKind, Callable[[Sought, str], float]] = {
    "number": _number,
    "time": _time,
    "reason": _reason,
    "place": _place,
    "person": _person,
}
