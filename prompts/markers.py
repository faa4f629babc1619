"""Reads the markers `[1]` of an answer back: while it streams, and claim by claim once it is whole."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from language.numerals import numbers
from language.scripts import CJK
from language.sentences import spans
from language.terms import terms

_CLOSING = "]］】"
_BRACKET = re.compile(r"[\[［【]")
_LONGEST = 48  # characters between the brackets: "[1, 2, 3, 4, 5, 6, 7, 8]" and then some
_STEP = 1_000  # characters looked at together: otherwise a text of brackets takes time by the square of its length
_MOST = 20  # numbers in one marker; "[1-500]" is no citation

# what may stand between the brackets: numbers and ranges with separators; "†source" is a habit of some models. Atomic
# groups, as up to Python 3.11.4 a group that is repeated possessively keeps what its last, failed round took.
_INSIDE = re.compile(
    r"\s*+\^?\d{1,6}(?>(?:\s*+[-–—~,，、;；&和]\s*+\^?\d{1,6})*)\s*+[,，、;；]?+\s*+(?>(?:†[^\]】］\[\n]*+)?)",
    re.UNICODE,
)
_POSSIBLE = re.compile(r"[\s\d^\-–—~,，、;；&和]*(?:†[^\]】］\[\n]*)?")
_PART = re.compile(r"\^?(\d+)(?:\s*[-–—~]\s*\^?(\d+))?")
_MARKERS = re.compile(r"\[(\d{1,6})\]")
# begun where a run of spaces begins, and possessive: from every space of a run it would take the square of its length
_MARKER_AND_SPACE = re.compile(r"(?<![^\S\n])[^\S\n]*+\[\d{1,6}\]")
_OWN = re.compile(rf"[\[［【]({_INSIDE.pattern})[\]］】]")
_CLINGING = re.compile(r"[\s.,;:!?)\]}。，；：！？）」』…]")


class MarkerFilter:
    """Lets an answer through piece by piece, every marker as `[n]`, those that point at nothing left out.

    A marker may arrive in any number of pieces; nothing that could still become one is let through.
    """

    def __init__(self, evidence_count: int) -> None:
        self._count = evidence_count
        self._held = ""  # an opening bracket and what followed, not yet decided
        self._space = ""  # spaces that are dropped if an invented marker after them is
        self._after_removal = False
        self.removed = 0
        self.cited: list[int] = []  # in order of first appearance

    def feed(self, text: str) -> str:
        return "".join(self._fed(text[at : at + _STEP]) for at in range(0, len(text), _STEP))

    def _fed(self, text: str) -> str:
        passed: list[str] = []
        self._held += text
        while self._held:
            opening = _BRACKET.search(self._held)
            if opening is None:
                passed.append(self._pass(self._held))
                self._held = ""
            elif opening.start() > 0:
                passed.append(self._pass(self._held[: opening.start()]))
                self._held = self._held[opening.start() :]
            elif (decided := self._decide()) is None:
                break
            else:
                passed.append(decided)
        return "".join(passed)

    def end(self) -> str:
        """The text that was held back; no more is coming."""
        rest = self._pass(self._held)
        space = "" if self._after_removal else self._space
        self._held = self._space = ""
        return rest + space

    def _decide(self) -> str | None:
        """The text for the held bracket; None while it may still become a marker."""
        closing = next((i for i, c in enumerate(self._held[: _LONGEST + 2]) if c in _CLOSING), None)
        inside = self._held[1:closing]
        if closing is None:
            if len(inside) <= _LONGEST and _POSSIBLE.fullmatch(inside):
                return None
            return self._release(1)
        if not _INSIDE.fullmatch(inside):
            return self._release(1)
        self._held = self._held[closing + 1 :]
        return self._marker(inside)

    def _release(self, length: int) -> str:
        released, self._held = self._held[:length], self._held[length:]
        return self._pass(released)

    def _marker(self, inside: str) -> str:
        pointed = _numbers_of(inside)
        good = [n for n in pointed if 1 <= n <= self._count]
        self.removed += len(pointed) - len(good)
        self.cited.extend(n for n in dict.fromkeys(good) if n not in self.cited)
        if not good:
            self._after_removal = True
            return ""
        return self._pass("".join(f"[{n}]" for n in dict.fromkeys(good)))

    def _pass(self, text: str) -> str:
        """Passes text on, except for spaces at its end, which wait for what follows."""
        if not text:
            return ""
        if self._after_removal and self._space and _CLINGING.match(text):
            self._space = ""
        self._after_removal = False
        body = text.rstrip(" ")
        if not body:
            self._space += text
            return ""
        passed, self._space = self._space + body, text[len(body) :]
        return passed


def without_markers(text: str) -> str:
    """Removes the markers of an earlier answer: they pointed at evidence that is no longer shown."""
    return _MARKER_AND_SPACE.sub("", text)


def unmarked(text: str) -> str:
    """A document's own `[12]` becomes `⟦12⟧`, so that a model that copies it cites nothing by it."""
    return _OWN.sub(lambda match: f"⟦{match.group(1)}⟧", text)


def blanked(text: str) -> str:
    """As long as it was, with spaces in the place of markers."""
    return _MARKERS.sub(lambda marker: " " * len(marker.group()), text)


def _numbers_of(inside: str) -> list[int]:
    pointed: list[int] = []
    for first, last in _PART.findall(unicodedata.normalize("NFKC", inside.split("†")[0])):
        low, high = int(first), int(last or first)
        pointed.extend(range(low, high + 1) if low <= high < low + _MOST else [low, high] if last else [low])
    return pointed[:_MOST]


@dataclass(frozen=True, slots=True)
class Stated:
    """One claim of an answer: its words without markers, and the evidence it names (from 1)."""

    text: str
    citations: tuple[int, ...]


_LEADING_MARKERS = re.compile(r"(?:[^\S\n]*+\[\d{1,6}\])+[^\S\n]*+[.。]?")
_DECORATION = re.compile(r"^(?:[#>]+\s*|[-*•·–—]\s+|\(?\d{1,2}[.)、]\s+)+")
_TABLE_RULE = re.compile(r"[|\s:–-]+")


def claims_of(answer: str) -> tuple[Stated, ...]:
    """The sentences of an answer with what each cites; headings, lead-ins and rules of tables claim nothing."""
    found: list[Stated] = []
    for start, end in _sentences_with_markers(answer):
        sentence = answer[start:end]
        cited = tuple(dict.fromkeys(int(n) for n in _MARKERS.findall(sentence)))
        text = _bare(sentence)
        if text and (cited or _claims_something(sentence.strip(), text)):
            found.append(Stated(text, cited))
    return tuple(found)


def _sentences_with_markers(answer: str) -> list[tuple[int, int]]:
    """A marker that stands after the full stop belongs to the sentence before it."""
    found: list[tuple[int, int]] = []
    for start, end in spans(answer):
        if found and (leading := _LEADING_MARKERS.match(answer, start, end)):
            gap = answer[found[-1][1] : start]
            if "\n" not in gap:
                found[-1] = (found[-1][0], leading.end())
                start = leading.end()
        if answer[start:end].strip():
            found.append((start, end))
    return found


def _bare(sentence: str) -> str:
    text = _MARKER_AND_SPACE.sub("", sentence)
    text = _DECORATION.sub("", text.strip()).strip()
    return re.sub(r"\*\*|__|`", "", text).strip()


def _claims_something(sentence: str, text: str) -> bool:
    if sentence.startswith("#") or text.endswith((":", "：", "?", "？")) or _TABLE_RULE.fullmatch(sentence):
        return False
    return bool(terms(text))


# ---------------------------------------------------------------- the span that supports a claim

_LONGEST_QUOTE = 320  # characters
_EDGE = re.compile(rf"[{CJK}]|\b\w")


def quote_for(claim: str, evidence_text: str) -> str:
    """The exact span of the evidence that supports the claim best: a sentence, a row, or two neighbours."""
    wanted = set(terms(claim))
    pieces = spans(evidence_text)
    if not pieces:
        return ""
    if not wanted:
        return _cut(evidence_text, *pieces[0], wanted)
    figures = numbers(claim)
    scored = [(_worth(evidence_text[a:b], wanted, figures), a, b) for a, b in pieces]
    scored += [
        (_worth(evidence_text[a:d], wanted, figures) - 0.15, a, d)  # a neighbour must add something
        for (a, b), (_, d) in pairwise(pieces)
        if d - a <= _LONGEST_QUOTE
    ]
    _, start, end = max(scored, key=lambda piece: (piece[0], -piece[1]))
    return _cut(evidence_text, start, end, wanted)


def _worth(piece: str, wanted: set[str], figures: frozenset[str]) -> float:
    """The share of the claim's terms in the piece, plus that of its numbers, minus a little for length."""
    has = set(terms(piece))
    share = len(wanted & has) / len(wanted)
    if figures:
        share += len(figures & numbers(piece)) / len(figures)
    return share - len(piece) / 20_000


def _cut(text: str, start: int, end: int, wanted: set[str]) -> str:
    """At most `_LONGEST_QUOTE` characters around the claim's terms, cut between words."""
    if end - start <= _LONGEST_QUOTE:
        return text[start:end]
    edges = [match.start() for match in _EDGE.finditer(text, start, end)]
    windows = [(edge, min(end, edge + _LONGEST_QUOTE)) for edge in edges if edge + _LONGEST_QUOTE // 2 < end]
    windows = windows[:: len(windows) // 60 + 1] or [(start, start + _LONGEST_QUOTE)]
    first, last = max(windows, key=lambda window: len(wanted & set(terms(text[window[0] : window[1]]))))
    if last < end:
        last = next((edge for edge in reversed(edges) if first < edge <= last), last)
    return text[first:last].strip()
