"""The JSON that goes out over HTTP, made from domain values. A field's description is what `docs/api.md` says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from answering.output.suspicion import suspicions
from domain.answers import Answer, Because, Verdict
from domain.documents import MOST_LISTED_PAGES, Document, Kind, Part, Place, ReadAs, Region, ReindexState, Stage, Status
from domain.evidence import Evidence, Space
from domain.parsed import PlacedWord
from domain.searches import Search
from domain.upkeep import Report


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ReindexOut(Out):
    """Progress of a re-embedding, which `exhibit reindex` or a POST to `…/reindex` starts."""

    state: ReindexState
    done: int = Field(description="pieces of text and pictures that have their new vectors")
    total: int
    problem: str | None = Field(description="why it failed")


class CollectionOut(Out):
    name: str
    metadata: dict[str, Any]
    encoders: dict[str, str] = Field(description="by space, the model that made the collection's vectors")
    created_at: datetime
    reindex: ReindexOut | None = Field(default=None, description="null: no re-embedding is running or has failed")


class ProblemOut(Out):
    page: int | None = Field(description="null: the whole document")
    message: str


class PageReportOut(Out):
    page: int
    read_as: ReadAs = Field(description="`pending`: it has no text, and its picture is still to be read")
    confidence: float | None = Field(description="mean confidence of recognised words, 0 to 1; null for text")
    tables: int
    figures: int
    uncaptioned: int = Field(description="figures without a caption")
    hidden: int = Field(
        default=0,
        description="words that can't be seen on the page; they are left out unless `EXHIBIT_HIDDEN_TEXT=include`",
    )


class DocumentOut(Out):
    id: str
    collection: str
    name: str = Field(description="the file's name")
    media_type: str = Field(description="recognised from the content, not from the name")
    size: int = Field(description="bytes")
    sha256: str
    status: Status = Field(description="`partial`: ready, but some pages could not be read; see `problems`")
    stage: Stage | None = Field(description="what is being done, while it is running")
    findable: bool = Field(description="its text can be found; true before its pictures are read")
    progress: float = Field(description="0 to 1")
    time_left_s: float | None = Field(description="an estimate, while it is running")
    waiting_for: Part | None = Field(
        default=None,
        description="it can't be reached, and the document goes on by itself once it is back; with `ready` and "
        "`partial`, descriptions of its pictures follow then",
    )
    replaces: str | None = Field(default=None, description="the document that this one is a new version of")
    pages: int | None = Field(description="null: a document without pages, or not known yet")
    chunks: dict[Kind, int] = Field(description="pieces of evidence, counted by kind")
    problems: list[ProblemOut] = Field(description="what could not be read, and why")
    page_report: list[PageReportOut] = Field(
        description=f"how each page was read; of documents of over {MOST_LISTED_PAGES} pages left out of lists and of "
        "`progress`"
    )
    metadata: dict[str, Any]
    created_at: datetime
    ready_at: datetime | None
    duplicate: bool | None = Field(
        default=None, description="true in the reply to an upload whose bytes the collection already has"
    )

    @classmethod
    def of(cls, document: Document, duplicate: bool = False, listed: bool = False) -> DocumentOut:
        if listed and len(document.page_report) > MOST_LISTED_PAGES:
            document = replace(document, page_report=())
        out = cls.model_validate(document)
        return out.model_copy(update={"duplicate": True}) if duplicate else out


class WordOut(BaseModel):
    text: str
    box: tuple[float, float, float, float] = Field(
        description="x0, y0, x1, y1 as fractions (0 to 1) of the page as it is drawn, from the top left"
    )

    @classmethod
    def of(cls, word: PlacedWord) -> WordOut:
        return cls(text=word.text, box=(word.box.x0, word.box.y0, word.box.x1, word.box.y1))


class RegionOut(BaseModel):
    page: int = Field(description="from 1")
    box: tuple[float, float, float, float] = Field(
        description="x0, y0, x1, y1 as fractions (0 to 1) of the page as it is drawn, from the top left"
    )


class EvidenceOut(BaseModel):
    id: str
    document_id: str
    document: str = Field(description="the file's name")
    kind: Kind
    page: int | None = Field(description="from 1; null in documents without pages")
    regions: list[RegionOut] = Field(description="where it stands on the page")
    place: dict[str, Any] | None = Field(
        description="in documents without pages: `heading` (a list, the highest first), or `sheet` and `rows`"
    )
    text: str = Field(description="the document's words; of a figure its caption and the words in it")
    description: str | None = Field(description="a model's words about it; never quoted as the document's")
    described_by: str | None = Field(description="that model")
    image_url: str | None = Field(description="its picture, or else its page with the regions drawn")
    page_url: str | None = Field(description="its page with the regions drawn")
    found_by: list[Space] = Field(description="the spaces that found it")
    ranks: dict[Space, int] = Field(description="its rank in each of these spaces, from 1")
    score: float = Field(description="orders one result; not comparable between two searches")
    suspicious: list[str] = Field(
        description="kinds of instructions to a model that the text resembles; the text is quoted and never obeyed"
    )

    @classmethod
    def of(cls, evidence: Evidence) -> EvidenceOut:
        chunk = evidence.chunk
        paged = chunk.page is not None
        return cls(
            id=chunk.id,
            document_id=chunk.document_id,
            document=evidence.document.name,
            kind=chunk.kind,
            page=chunk.page,
            regions=[_region(region) for region in chunk.regions],
            place=_place(chunk.place),
            text=chunk.text,
            description=chunk.description or None,
            described_by=chunk.described_by or None,
            image_url=f"/v1/evidence/{chunk.id}/image" if chunk.image or paged else None,
            page_url=f"/v1/documents/{chunk.document_id}/pages/{chunk.page}?evidence={chunk.id}" if paged else None,
            found_by=list(evidence.ranks),
            ranks=dict(evidence.ranks),
            score=evidence.score,
            suspicious=[*suspicions(chunk.text), *(["hidden"] if chunk.obscured else [])],
        )


class ClaimOut(Out):
    text: str
    citations: list[int] = Field(description="numbers of the citations that it names")
    support: float = Field(description="0 to 1: how well the cited evidence supports it")
    supported: bool
    about: float = Field(description="0 to 1: how far the cited evidence is about what was asked")


class CitationOut(BaseModel):
    n: int = Field(description="the number of its marker in the answer: `[1]`")
    evidence: EvidenceOut
    quote: str = Field(description="an exact part of the evidence's text")


class NoticeOut(Out):
    code: str = Field(description="for programs; see Notices")
    message: str = Field(description="for people, in the language of the question")


class UsageOut(Out):
    prompt_tokens: int
    completion_tokens: int


class AnswerOut(BaseModel):
    answer: str = Field(description="with markers such as `[1]` after what they cite")
    verdict: Verdict = Field(
        description="`grounded`: every claim is supported, and they are surely about what was asked; `partial`: some "
        "are, they are about a part of it, or not surely about it; `ungrounded`: none is, or none is about it; "
        "`abstained`: no answer is given"
    )
    confidence: float = Field(description="0 to 1: that the evidence holds the answer")
    claims: list[ClaimOut] = Field(description="the answer's statements, each checked against what it cites")
    citations: list[CitationOut]
    evidence: list[EvidenceOut] = Field(description="all that was shown to the model, in the order of the markers")
    nearest: list[EvidenceOut] = Field(description="with `abstained`: the closest evidence")
    missing: str | None = Field(description="with `abstained`: what was not found")
    abstained_because: Because | None = Field(
        description="with `abstained`: `absent`: something that was asked for is mentioned nowhere in the documents "
        "that were asked; `unsure`: no evidence found states the answer, though there may be one"
    )
    notices: list[NoticeOut] = Field(description="what the reader should know about this answer")
    model: str
    usage: UsageOut
    timings_ms: dict[str, float]
    trace_id: str = Field(description="for `GET /v1/traces/{trace_id}`")

    @classmethod
    def of(cls, answer: Answer) -> AnswerOut:
        return cls(
            answer=answer.answer,
            verdict=answer.verdict,
            confidence=answer.confidence,
            claims=[ClaimOut.model_validate(claim) for claim in answer.claims],
            citations=[
                CitationOut(n=citation.n, evidence=EvidenceOut.of(citation.evidence), quote=citation.quote)
                for citation in answer.citations
            ],
            evidence=evidence_out(answer.evidence),
            nearest=evidence_out(answer.nearest),
            missing=answer.missing,
            abstained_because=answer.abstained_because,
            notices=[NoticeOut.model_validate(notice) for notice in answer.notices],
            model=answer.model,
            usage=UsageOut.model_validate(answer.usage),
            timings_ms=dict(answer.timings_ms),
            trace_id=answer.trace_id,
        )


class CollectionsOut(BaseModel):
    collections: list[CollectionOut]
    next_cursor: str | None = Field(description="null on the last page")


class DocumentsOut(BaseModel):
    documents: list[DocumentOut]
    next_cursor: str | None = Field(description="null on the last page")


class RejectedOut(BaseModel):
    name: str = Field(description="the file's name")
    status: int = Field(description="the HTTP status that this file alone would have had")
    detail: str = Field(description="why, in one sentence")


class UploadedOut(BaseModel):
    documents: list[DocumentOut] = Field(description="what was taken in")
    rejected: list[RejectedOut] = Field(description="what was refused")


class SearchOut(BaseModel):
    evidence: list[EvidenceOut] = Field(description="best first")
    trace_id: str = Field(description="for `GET /v1/traces/{trace_id}`")
    notices: list[NoticeOut] = []

    @classmethod
    def of(cls, search: Search) -> SearchOut:
        notices = [NoticeOut.model_validate(notice) for notice in search.notices]
        return cls(evidence=evidence_out(search.evidence), trace_id=search.trace_id, notices=notices)


class FindingOut(Out):
    """One kind of fault in one place."""

    fault: Literal["loss", "orphan"] = Field(
        description="`loss`: something is missing; `orphan`: something belongs to no document"
    )
    part: str = Field(description="chunks, originals, crops, kept, vectors, words or blobs")
    collection: str | None
    space: Space | None
    count: int
    mended: int = Field(description="how many of them were repaired")
    message: str
    examples: list[str] = Field(description="ids of documents or chunks, or names of files")


class CompactionOut(Out):
    before: dict[str, int] = Field(description="bytes, by part of the data folder")
    after: dict[str, int]
    notices: list[str] = Field(description="what could not be compacted, and why")


class VerifyOut(BaseModel):
    whole: bool = Field(description="nothing is wrong, or everything was repaired")
    checked: dict[str, int] = Field(description="how many things of each kind were compared")
    findings: list[FindingOut]
    erasing: int = Field(description="deleted documents that are still being erased")
    compaction: CompactionOut | None
    took_s: float

    @classmethod
    def of(cls, report: Report) -> VerifyOut:
        return cls(
            whole=report.whole,
            checked=dict(report.checked),
            findings=[FindingOut.model_validate(finding) for finding in report.findings],
            erasing=report.erasing,
            compaction=CompactionOut.model_validate(report.compaction) if report.compaction else None,
            took_s=report.took_s,
        )


def evidence_out(evidence: Sequence[Evidence]) -> list[EvidenceOut]:
    return [EvidenceOut.of(one) for one in evidence]


def _region(region: Region) -> RegionOut:
    box = region.box
    return RegionOut(page=region.page, box=(box.x0, box.y0, box.x1, box.y1))


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    known: dict[str, Any] = {}
    if place.sheet is not None:
        known["sheet"] = place.sheet
    if place.rows is not None:
        known["rows"] = list(place.rows)
    if place.heading or not known:
        known["heading"] = list(place.heading)
    return known
