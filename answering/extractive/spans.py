"""The exact answer within a sentence: the span that is the number, the time or the person asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.question import Wants
from language.dates import MONTHS, WEEKDAYS, dates
from language.quantities import quantities
from language.scripts import CJK, folded, has_cjk, plain_width
from language.stems import stem
from language.terms import STOP_WORDS, terms

_LONGEST_CLAUSE = 50  # words of a quote; a longer sentence is cut to the clauses that answer
_CHARACTERS_A_WORD = 1.6  # of Chinese
_CLAUSE = re.compile(r"[,;:，；：]\s*|\s[–—-]\s|\s(?=\()")
_NAME = re.compile(
    r"[A-ZÀ-ÖØ-Þ][\w’'.-]*(?:\s+(?:of|de|van|von|der|la|the|bin|al|and|&|[IVX]+)(?=\s+[A-ZÀ-ÖØ-Þ])|\s+[A-ZÀ-ÖØ-Þ][\w’'.-]*){0,5}"
)
_TIME = re.compile(
    r"\b(?:early |late |mid-?)?(?:\d{1,2}th|\d{1,2}st) (?:and \d{1,2}th )?centur(?:y|ies)(?: BC| AD)?|\b\d{3,4}s?\b(?:\s?(?:BC|AD|BCE|CE)\b)?"
    r"|\b\d{1,2}:\d\d(?:\s?[ap]\.?m\.?)?|\d{1,2}[:：]\d\d|(?:公元前?)?\d{1,4}\s?年代?(?:\s?\d{1,2}\s?月)?(?:\s?\d{1,2}\s?[日号])?|\d{1,2}\s?世纪(?:\s?\d{2,4}\s?年代)?"
)
_CALENDAR = MONTHS | WEEKDAYS


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int
    score: float  # higher is closer to the words of the question


def span_for(question: str, wants: Wants, sentence: str) -> str:
    """The exact words that answer, or "" if no candidate is clearly the best."""
    asked = frozenset(terms(question))
    found = [one for one in _candidates(wants, sentence) if not _in_question(sentence[one[0] : one[1]], asked)]
    if not found:
        return ""
    positions = _positions_of(sentence, asked)
    ranked = sorted(
        (Span(start, end, _nearness(start, end, positions) + bonus) for start, end, bonus in found),
        key=lambda one: -one.score,
    )
    best = ranked[0]
    if len(ranked) > 1 and (wants.kind == "person" or best.score - ranked[1].score < _LEAST_LEAD[wants.kind]):
        return ""  # a wrong short answer is worse than none
    span = sentence[best.start : best.end].strip(" ,.;:，。；：")
    return span.lstrip("(（") if not re.search(r"[)）]", span) else span


_LEAST_LEAD = {"number": 0.45, "time": 0.05}


def _candidates(wants: Wants, sentence: str) -> Iterator[tuple[int, int, float]]:
    """(start, end, bonus). The bonus is added to the score of the position."""
    if wants.kind == "number":
        yield from _numbers(wants, sentence)
    elif wants.kind == "time":
        for date in dates(sentence):
            yield date.start, date.end, 0.3
        for match in _TIME.finditer(sentence):
            yield match.start(), match.end(), 0.0
    elif wants.kind == "person" and not has_cjk(sentence):
        yield from _names(sentence)


def _numbers(wants: Wants, sentence: str) -> Iterator[tuple[int, int, float]]:
    """A number before the counted noun, or with the unit asked for, is more likely."""
    plain = plain_width(sentence)
    inside = [(date.start, date.end) for date in dates(sentence)]
    noun = wants.counted
    for one in quantities(sentence):
        if any(a <= one.start < b for a, b in inside) or (one.is_year and noun != "year"):
            continue
        after = folded(plain[one.end : one.end + 24]).split()
        bonus = 0.6 if noun and noun in [stem(word) for word in after[:3]] else 0.0
        bonus += 0.6 if wants.percentage and one.kind == "share" else 0.0
        yield one.start, _with_measure(plain, one.end), bonus


def _with_measure(plain: str, end: int) -> int:
    """The end of a number with its Chinese measure word."""
    return end + 1 if re.match(r"[次个名位座条支只件项种所家艘架台辆人岁层号码分]", plain[end:]) else end


def _names(sentence: str) -> Iterator[tuple[int, int, float]]:
    for match in _NAME.finditer(sentence):
        words = re.findall(r"[^\W\d_]+", folded(match.group()))
        begins = match.start() == 0 and " " not in match.group()  # the first word of a sentence always has a capital
        if not begins and set(words) - STOP_WORDS and not set(words) & _CALENDAR:
            start = match.start()
            if words[0] in STOP_WORDS and " " in match.group():  # "The Panthers" at the beginning
                start += match.group().index(" ") + 1
            yield start, match.end(), 0.1 if len(words) > 1 else 0.0


def _in_question(span: str, asked: frozenset[str]) -> bool:
    named = frozenset(terms(span))
    return not named or named <= asked


def _positions_of(sentence: str, asked: frozenset[str]) -> list[int]:
    """The middle of each word of the question in the sentence."""
    found = []
    for match in re.finditer(rf"[{CJK}]{{2}}|[^\W_{CJK}]+", sentence):
        if set(terms(match.group())) & asked:
            found.append((match.start() + match.end()) // 2)
    return found


def _nearness(start: int, end: int, positions: Sequence[int]) -> float:
    """To the three nearest words of the question, in characters; words within the span are left out."""
    gaps = sorted(min(abs(at - start), abs(at - end)) for at in positions if not start <= at < end)[:3]
    return sum(1 / (1 + gap / 20) for gap in gaps) / 3


# ---------------------------------------------------------------- long sentences


def clause_of(question: str, sentence: str, span: str) -> str:
    """Of a long sentence, the neighbouring clauses with most terms of the question and with the span."""
    if _words(sentence) <= _LONGEST_CLAUSE:
        return sentence
    asked = frozenset(terms(question))
    cuts = [0, *(match.end() for match in _CLAUSE.finditer(sentence)), len(sentence)]
    best, best_score = sentence, -1.0
    for i, start in enumerate(cuts):
        for end in cuts[i + 1 :]:
            piece = sentence[start:end]
            if _words(piece) > _LONGEST_CLAUSE:
                break
            score = len(asked & frozenset(terms(piece))) + (2.0 if span and span in piece else 0.0) + len(piece) / 2_000
            if score > best_score:
                best, best_score = piece, score
    return best.strip(" ,;:，；：、") if best_score >= 0 else sentence


def _words(text: str) -> float:
    characters = sum(len(run) for run in re.findall(rf"[{CJK}]+", text))
    return len(re.sub(rf"[{CJK}]", " ", text).split()) + characters / _CHARACTERS_A_WORD
