"""How evidence and documents look in a terminal."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence

from pydantic import BaseModel

from app.api.schemas import AnswerOut, DocumentOut, EvidenceOut
from app.commands.progress import duration

WIDTH = 100
READ = frozenset({"ready", "partial"})


def where(evidence: EvidenceOut) -> str:
    """“report.pdf, page 3”, “notes.md, Ferries › Night boats”."""
    place = evidence.place or {}
    rows = place.get("rows")
    parts = [
        evidence.document,
        f"page {evidence.page}" if evidence.page else "",
        str(place.get("sheet") or ""),
        f"rows {rows[0]}–{rows[1]}" if rows else "",
        " › ".join(place.get("heading") or ()),
    ]
    return ", ".join(part for part in parts if part)


def indented(text: str, by: int = 4) -> str:
    return textwrap.fill(plain(text), WIDTH, initial_indent=" " * by, subsequent_indent=" " * by)


def plain(text: str) -> str:
    """Documents are untrusted: characters that move the cursor or colour the terminal are replaced."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def evidence_lines(number: int, evidence: EvidenceOut, url: str) -> list[str]:
    lines = [bold(f"[{number}] {plain(where(evidence))}") + faint(f"   {evidence.kind}, {evidence.id}")]
    if evidence.text:
        lines.append(indented(textwrap.shorten(evidence.text, 300, placeholder=" …")))
    if evidence.page_url or evidence.image_url:
        lines.append(faint(f"    {url}{evidence.page_url or evidence.image_url}"))
    return lines


def answer_lines(answer: AnswerOut, url: str) -> list[str]:
    """The lines below an answer's text: its verdict, its notices and what it cites."""
    lines = [faint(f"{answer.verdict}, confidence {answer.confidence:.2f}, {answer.model}")]
    lines += [faint(f"note: {plain(notice.message)}") for notice in answer.notices]
    for citation in answer.citations:
        evidence = citation.evidence
        lines.append(bold(f"[{citation.n}] {plain(where(evidence))}") + faint(f"   {evidence.kind}"))
        if citation.quote:
            lines.append(indented(f"“{citation.quote}”"))
        if evidence.page_url or evidence.image_url:
            lines.append(faint(f"    {url}{evidence.page_url or evidence.image_url}"))
    if answer.verdict == "abstained":
        lines += [faint(f"nearest: {plain(where(one))}") for one in answer.nearest[:3]]
    return lines


def document_line(document: DocumentOut) -> str:
    chunks = ", ".join(f"{count} {kind}" for kind, count in document.chunks.items() if count)
    pages = f"{document.pages} p." if document.pages else ""
    state = document.status if document.status in ("ready", "queued") else document.status.upper()
    if document.status == "running":
        left = f", {duration(document.time_left_s)} left" if document.time_left_s else ""
        state = f"{document.stage or 'running'} {document.progress:.0%}{left}"
        if document.waiting_for:
            state = f"waiting for {document.waiting_for}"
    return f"{document.id}  {state:<14} {pages:>7}  {plain(document.name)}  {faint(chunks)}".rstrip()


def json_of(models: Sequence[BaseModel] | BaseModel) -> str:
    if isinstance(models, BaseModel):
        return models.model_dump_json(indent=2)
    return "[" + ",\n".join(model.model_dump_json(indent=2) for model in models) + "]"


def bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def faint(text: str) -> str:
    return f"\033[2m{text}\033[0m" if sys.stdout.isatty() else text
