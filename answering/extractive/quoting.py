"""Writes chosen pieces as quotes, each with its marker."""

from __future__ import annotations

import re
from collections.abc import Sequence

from answering.extractive.passages import Quotable
from answering.extractive.sought import Sought
from answering.extractive.spans import clause_of, span_for
from domain.answers import Prompt
from ingest.outline import is_outline
from language.sentences import spans
from prompts.neutral import quoted

_ENDED = re.compile(r"[.!?。！？…][\"'”’」』）)\]]*$")
_MOST_LEADS = 6  # lines of an outline that a summary quotes
_SHORT_ENOUGH = 60  # characters; a longer sentence has the exact answer before it


def quotes_of(question: Sought, chosen: Sequence[Quotable]) -> tuple[str, ...]:
    """Quotes of one chunk stand together, in reading order. Labels and list items share a marker; a row or a field has
    its own. The first quote starts with the exact answer where one span is clearly the best."""
    quotes = []
    for n in dict.fromkeys(one.n for one in chosen):
        pieces = sorted((one for one in chosen if one.n == n), key=lambda one: one.at)
        open_ended = ""
        for piece in pieces:
            text = f"{open_ended}{_quote(question, piece, piece is chosen[0])}"
            alone = piece.form == "row" or piece.label or piece is pieces[-1]
            open_ended = "" if alone or _ENDED.search(text) else f"{text}; "
            if not open_ended:
                quotes.append(f"{text} [{n}]")
    return tuple(quotes)


def _quote(question: Sought, piece: Quotable, best: bool) -> str:
    """A row unchanged; a long sentence cut to the clauses that answer, after the exact answer."""
    whole = quoted(" ".join(piece.text.split()))
    if piece.form != "sentence":
        return whole
    span = span_for(question.text, question.wants, whole) if best else ""
    clause = clause_of(question.text, whole, span)
    return f"{span} — {clause}" if span and len(clause) > _SHORT_ENOUGH else clause


def outline_quotes(prompt: Prompt) -> tuple[str, ...]:
    """The first sentences of each outline: six if there is one outline, else two of each. If an outline is only a name,
    the first sentences of its document follow."""
    outlines = [(n, one) for n, one in enumerate(prompt.evidence, start=1) if is_outline(one.id)]
    most = _MOST_LEADS if len(outlines) == 1 else 2
    quotes: list[str] = []
    for n, one in outlines:
        lines = [(n, line) for line in one.chunk.text.split("\n")]
        if len(lines) == 1 and n < len(prompt.evidence) and prompt.evidence[n].document.id == one.document.id:
            text = prompt.evidence[n].chunk.text
            lines += [(n + 1, text[begin:end]) for begin, end in spans(text)]
        quotes += [f"{quoted(' '.join(line.split()))} [{marker}]" for marker, line in lines[:most]]
    return tuple(quotes)


def gap_after(quote: str) -> str:
    """A quote without a full stop (a heading, a table's row) stands apart, so that claims don't merge."""
    return " " if _ENDED.search(quote.rsplit(" [", 1)[0]) else "\n\n"
