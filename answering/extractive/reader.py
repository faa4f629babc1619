"""Answers without a language model: quotes the sentences and table rows that answer best, each with its marker."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from answering.extractive.confidence import THRESHOLD, of_evidence, of_sentence
from answering.extractive.fit import Sought, fits, has_form
from answering.extractive.passages import Quotable, quotables, quotables_of
from answering.extractive.spans import clause_of, span_for
from domain.ports import TextEncoder
from domain.question import Wording
from domain.types import Chunk, Delta, Evidence, Prompt, Usage
from ingest.outline import is_outline
from language.scripts import has_cjk
from language.sentences import is_caption, spans
from language.stems import stem
from language.terms import terms
from prompts.answer import abstention
from prompts.neutral import quoted

MODEL = "exhibit-extractive"

_SHORTLIST = 8  # sentences that the encoder sees; with 16 it finds no more, and takes twice as long
_MOST_QUOTES = 3
_SINGLED = 0.3  # what it counts that a row has the most or the least of what is asked for
_MOST_LEADS = 6  # lines of an outline that a summary quotes
_HEADED = 0.7  # what a term counts that stands in the heading or caption instead of the sentence
_WEAK_WEIGHT = 0.3
_WEAK = frozenset(  # words that ask; that a text lacks them says little
    stem(word)
    for word in """
    go goes going went gone get gets got make makes made take takes took taken give gives gave given happen
    happens happened call called name named use used say said tell told many much amount number value kind type
    sort thing respectively highest lowest largest smallest most least one show shows shown list stand stands mean
    means mentioned described according accord please document documents text figure table diagram chart picture
    """.split()  # noqa: SIM905
) | frozenset("地方 名字 时候 原因 一共 请问 有多 多高 多长 多远 多大 多深 多重 多久".split())  # noqa: SIM905


class ExtractiveReader:
    """A `Generator`; the encoder is asked only where it can read the question."""

    def __init__(self, encoder: TextEncoder | None = None) -> None:
        self._encoder = encoder

    @property
    def model(self) -> str:
        return MODEL

    async def room(self) -> int | None:
        """No limit: everything that was found is read."""
        return None

    async def generate(self, prompt: Prompt) -> AsyncIterator[Delta]:
        reading = await asyncio.to_thread(self.read, prompt)
        for i, quote in enumerate(reading.quotes):
            yield Delta(quote if i == 0 else f"{_gap(reading.quotes[i - 1])}{quote}")
        yield Delta(usage=Usage(), confidence=reading.confidence)

    async def aclose(self) -> None:
        """Holds no connection."""

    def read(self, prompt: Prompt) -> Reading:
        if prompt.question.intent.sort == "summary" and (outlined := _outlined(prompt)):
            return Reading(outlined, 1.0)
        question = Sought.of(prompt.question.standalone)
        pieces = quotables(prompt.question.standalone, prompt.evidence)
        ranked = self._ranked(question, pieces)
        chosen = _chosen(question, ranked, pieces) if ranked else []
        confidence = round(_confidence(question, ranked[0], chosen, prompt.evidence), 3) if ranked else 0.0
        if confidence < THRESHOLD:
            return Reading((abstention(prompt.question),), confidence)
        return Reading(_joined(question, chosen), confidence)

    def confidence(self, prompt: Prompt) -> float:
        """The probability that the evidence holds the answer, for any generator."""
        return self.read(prompt).confidence

    def fit(self, prompt: Prompt) -> float:
        """How well the best sentence fits alone, 0..1."""
        ranked = self.ranked(prompt)
        return _fit(ranked[0]) if ranked else 0.0

    def best_fits(self, question: Wording, chunks: Sequence[Chunk]) -> list[float]:
        """How well the best sentence of each answers, by words alone; 0 for none."""
        asked = Sought.of(question)
        best = [0.0] * len(chunks)
        for one in _by_words(asked, quotables_of(question, chunks, [""] * len(chunks))):
            at = one.quotable.n - 1
            best[at] = max(best[at], _fit_of_words(one))
        return best

    def ranked(self, prompt: Prompt) -> list[Scored]:
        question = Sought.of(prompt.question.standalone)
        return self._ranked(question, quotables(prompt.question.standalone, prompt.evidence))

    def _ranked(self, question: Sought, pieces: Sequence[Quotable]) -> list[Scored]:
        scored = [one for one in _by_words(question, pieces) if _answers(question, one)]
        shortlist = sorted(scored, key=_worth, reverse=True)[:_SHORTLIST]
        return sorted(self._with_likeness(question.text, shortlist), key=_worth, reverse=True)

    def _with_likeness(self, question: str, shortlist: list[Scored]) -> list[Scored]:
        if self._encoder is None or not shortlist or not self._encoder.sees(question):
            return shortlist
        seen = [i for i, one in enumerate(shortlist) if self._encoder.sees(one.quotable.read_as)]
        if not seen:
            return shortlist
        vectors = self._encoder.encode([shortlist[i].quotable.read_as for i in seen])
        likeness = vectors @ self._encoder.encode_query(question)  # (n,)
        for i, value in zip(seen, likeness, strict=True):
            shortlist[i] = replace(shortlist[i], likeness=float(value))
        return shortlist


def _outlined(prompt: Prompt) -> tuple[str, ...]:
    """The leading sentences of the outlines: of one document several, of many two each. An outline that is only a
    name is followed by how its document begins."""
    outlines = [(n, one) for n, one in enumerate(prompt.evidence, start=1) if is_outline(one.id)]
    most = _MOST_LEADS if len(outlines) == 1 else 2
    said: list[str] = []
    for n, one in outlines:
        lines = [(n, line) for line in one.chunk.text.split("\n")]
        if len(lines) == 1 and n < len(prompt.evidence) and prompt.evidence[n].document.id == one.document.id:
            text = prompt.evidence[n].chunk.text
            lines += [(n + 1, text[begin:end]) for begin, end in spans(text)]
        said += [f"{quoted(' '.join(line.split()))} [{marker}]" for marker, line in lines[:most]]
    return tuple(said)


@dataclass(frozen=True, slots=True)
class Reading:
    quotes: tuple[str, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Scored:
    quotable: Quotable
    covered: float  # of the question's terms, weighted by how rare they are here: in the sentence and its headings
    around: float  # the same, with its neighbours
    cue: float  # 1: has what such a question asks for (a name, a number, a reason …); 0: has not; 0.5: can't tell
    likeness: float | None = None  # cosine to the question; None where the encoder can't see


# ---------------------------------------------------------------- scoring


def _worth(one: Scored) -> float:
    first = 0.1 / one.quotable.n  # retrieval put it higher
    singled = _SINGLED if one.quotable.singled else 0.0
    return _fit_of_words(one) + first + 0.8 * (one.likeness or 0.0) + singled


def _fit_of_words(one: Scored) -> float:
    return one.covered + 0.5 * (one.around - one.covered) + 0.25 * one.cue


def _fit(best: Scored) -> float:
    return of_sentence(best.covered, best.around, best.cue, best.likeness, best.quotable.text)


def _confidence(question: Sought, best: Scored, chosen: Sequence[Quotable], evidence: Sequence[Evidence]) -> float:
    """That the evidence holds the answer, from the best sentence and what stands beside it."""
    form = min(_in_form(question, chosen), _of_its_time(question, chosen, evidence))
    return of_evidence(_fit(best), question.wants, evidence) * form


def _by_words(question: Sought, pieces: Sequence[Quotable]) -> list[Scored]:
    spread = Counter(term for piece in pieces for term in question.terms & piece.terms)
    weak = _WEAK | _seams(question.text, spread) | question.wants.source
    weight = {
        term: math.log(1 + len(pieces) / (0.5 + spread[term])) * (_WEAK_WEIGHT if term in weak else 1.0)
        for term in question.terms
    }
    total = sum(weight.values()) or 1.0

    def share(found: frozenset[str]) -> float:
        return sum(weight[term] for term in question.terms & found) / total

    def scored(piece: Quotable) -> Scored:
        itself, headed = share(piece.terms), share(piece.terms | piece.about)
        around = share(piece.terms | piece.about | piece.context)
        return Scored(piece, itself + _HEADED * (headed - itself), around, fits(question, piece))

    return [scored(piece) for piece in pieces]


def _seams(question: str, spread: Counter[str]) -> frozenset[str]:
    """Pairs of Chinese characters that are nowhere, between two that are: the end of one word and the next one's
    beginning."""
    order = terms(question)
    return frozenset(
        pair
        for before, pair, after in zip(order, order[1:], order[2:], strict=False)
        if has_cjk(pair) and not spread[pair] and spread[before] and spread[after]
        and before[-1] == pair[0] and pair[-1] == after[0]
    )  # fmt: skip


def _answers(question: Sought, one: Scored) -> bool:
    """A caption or a heading says what follows; it is an answer only where it is asked for, or tells a number.
    A row or a label must name something that the question names: all that stands around it is the same for others."""
    if one.quotable.form == "label" or (one.quotable.form == "row" and question.wants.forms):
        return bool(_asked_for(question, one.quotable))
    if one.quotable.form != "bare" or question.wants.figure:
        return True
    return not is_caption(one.quotable.text) and question.wants.kind in ("number", "time") and one.cue == 1.0


# ---------------------------------------------------------------- what is said

_ENDED = re.compile(r"[.!?。！？…][\"'”’」』）)\]]*$")


def _chosen(question: Sought, ranked: Sequence[Scored], pieces: Sequence[Quotable]) -> list[Quotable]:
    """The best with what it lacks beside it; and others as good where several are asked for, or that add to it.
    A row that has what is asked for stands alone."""
    best = ranked[0]
    chosen = [best.quotable, *_completing(question, best.quotable, pieces)]
    several = question.wants.kind not in ("number", "time") and question.wants.several
    if best.quotable.form == "row" and best.cue == 1.0 and (best.quotable.singled or not several):
        return chosen
    for one in ranked[1:]:
        if len(chosen) >= _MOST_QUOTES or _worth(one) < (0.8 if several else 0.9) * _worth(best):
            break
        if one.quotable.form in ("bare", "label") or not all(_adds(one.quotable, other) for other in chosen):
            continue
        if several or _asked_for(question, one.quotable) - _asked_for(question, *chosen):
            chosen.append(one.quotable)
    return chosen


def _completing(question: Sought, best: Quotable, pieces: Sequence[Quotable]) -> list[Quotable]:
    """The sentence beside the best that has what the best lacks: the reason that it points back to, the kind of thing
    asked for, or a term of the question after a pronoun."""
    if best.form != "sentence":
        return []
    beside = [one for one in pieces if one.n == best.n and one.form == "sentence" and abs(one.at - best.at) == 1]
    if question.wants.kind == "reason" and _POINTS_BACK.match(best.text):
        return [one for one in beside if one.at < best.at]
    beside.sort(key=lambda one: one.at < best.at)  # what follows first
    lacks = question.wants.kind in ("person", "number", "time") and fits(question, best) < 0.5
    fitting = [one for one in beside if lacks and fits(question, one) == 1.0]
    left = _asked_for(question) - best.terms - best.about
    going_on = [one for one in beside if one.at > best.at and _GOES_ON.match(one.text) and left & one.terms]
    return (fitting or going_on)[:1]


_POINTS_BACK = re.compile(
    r"(?:that|this) (?:is|was) (?:also )?why\b|(?:therefore|thus|hence|as a result|for (?:this|that) reason)\b"
    r"|因此|所以|为此|这(?:就是|也是|正是)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"(?:he|she|it|they|his|her|its|their|this|these|that|there)\b|[他她它这那其]", re.I)


def _asked_for(question: Sought, *told: Quotable) -> frozenset[str]:
    """The terms of the question, or those of them that are told."""
    asked = question.terms - _WEAK
    return asked & frozenset[str]().union(*(one.terms for one in told)) if told else asked


def _in_form(question: Sought, chosen: Sequence[Quotable]) -> float:
    """What the confidence is worth where no quote has a thing of the form that is asked for: a height, a clock time."""
    rows = [one for one in chosen if one.form == "row"]
    if rows:  # the unit may stand in a table's caption, but an amount of what?
        if question.wants.kind == "number" and all(fits(question, one) == 0.0 for one in rows):
            return _OUT_OF_FORM
        noun = question.wants.amount_of
        return 1.0 if not noun or any(noun in one.terms | one.about for one in rows) else _OUT_OF_FORM
    if question.wants.amount and all(fits(question, one) == 0.0 for one in chosen):
        return _OUT_OF_FORM
    return 1.0 if has_form(question, " ".join(one.text for one in chosen)) else _OUT_OF_FORM


def _of_its_time(question: Sought, chosen: Sequence[Quotable], evidence: Sequence[Evidence]) -> float:
    """What it is worth where a year or an ordinal that is asked for stands nowhere in what is quoted from: there may
    be the same of another year."""
    asked = question.wants.times
    shown = [evidence[one.n - 1] for one in chosen]
    texts = " ".join(f"{one.document.name} {one.document.title} {one.chunk.search_text}" for one in shown)
    return 1.0 if not asked or any(one in texts for one in asked) else _OUT_OF_FORM


_OUT_OF_FORM = 0.3


def _adds(piece: Quotable, other: Quotable) -> bool:
    """Whether it says something new: the same sentence is often in two chunks."""
    return len(piece.terms - other.terms) > 0.3 * len(piece.terms)


def _joined(question: Sought, chosen: Sequence[Quotable]) -> tuple[str, ...]:
    """Quotes of one chunk together, in reading order; labels and items under one marker, each row and field under its
    own. The first says its answer in short before it, where one span of it is clearly what is asked for."""
    said = []
    for n in dict.fromkeys(one.n for one in chosen):
        pieces = sorted((one for one in chosen if one.n == n), key=lambda one: one.at)
        open_ended = ""
        for piece in pieces:
            text = f"{open_ended}{_told(question, piece, piece is chosen[0])}"
            alone = piece.form == "row" or piece.label or piece is pieces[-1]
            open_ended = "" if alone or _ENDED.search(text) else f"{text}; "
            if not open_ended:
                said.append(f"{text} [{n}]")
    return tuple(said)


def _told(question: Sought, piece: Quotable, best: bool) -> str:
    """A row as it is; of a long sentence the clauses that answer, the span that is asked for before them."""
    whole = quoted(" ".join(piece.text.split()))
    if piece.form != "sentence":
        return whole
    span = span_for(question.text, question.wants, whole) if best else ""
    clause = clause_of(question.text, whole, span)
    return f"{span} — {clause}" if span and len(clause) > _SHORT_ENOUGH else clause


_SHORT_ENOUGH = 60  # characters of a sentence whose answer needs no pointing out


def _gap(before: str) -> str:
    """A quote without a full stop (a heading, a table's row) gets a line of its own, so that claims don't merge."""
    return " " if _ENDED.search(before.rsplit(" [", 1)[0]) else "\n\n"
