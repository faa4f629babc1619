"""The JSON of the HTTP contract: what goes out, made from domain values, and what comes in, checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from answering.output.suspicion import suspicions
from domain import types
from domain.types import KINDS, Kind, ReadAs, Space, Stage, Status, Verdict

NAME = r"[\w-]{1,64}"  # letters of any script, digits, - and _
MAX_TOP_K = 200

# ---------------------------------------------------------------- out


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ReindexOut(Out):
    """A collection on its way to other encoders, which `exhibit reindex` and a POST to `…/reindex` begin."""

    state: types.ReindexState
    done: int  # chunks
    total: int
    problem: str | None  # why it failed


class CollectionOut(Out):
    name: str
    metadata: dict[str, Any]
    encoders: dict[str, str]
    created_at: datetime
    reindex: ReindexOut | None = None  # None: its vectors are all of its encoders


class ProblemOut(Out):
    page: int | None
    message: str


class PageReportOut(Out):
    page: int
    read_as: ReadAs
    confidence: float | None
    tables: int
    figures: int
    uncaptioned: int
    hidden: int = 0  # words that can't be seen on the page: left out, unless EXHIBIT_HIDDEN_TEXT=include


class DocumentOut(Out):
    id: str
    collection: str
    name: str
    media_type: str
    size: int
    sha256: str
    status: Status
    stage: Stage | None
    findable: bool
    progress: float
    time_left_s: float | None
    replaces: str | None = None
    pages: int | None
    chunks: dict[Kind, int]
    problems: list[ProblemOut]
    page_report: list[PageReportOut]
    metadata: dict[str, Any]
    created_at: datetime
    ready_at: datetime | None
    duplicate: bool | None = None

    @classmethod
    def of(cls, document: types.Document, duplicate: bool = False) -> DocumentOut:
        out = cls.model_validate(document)
        return out.model_copy(update={"duplicate": True}) if duplicate else out


class RegionOut(BaseModel):
    page: int
    box: tuple[float, float, float, float]


class EvidenceOut(BaseModel):
    id: str
    document_id: str
    document: str
    kind: Kind
    page: int | None
    regions: list[RegionOut]
    place: dict[str, Any] | None
    text: str
    description: str | None  # a model's words on it, not the document's
    described_by: str | None  # that model
    image_url: str | None  # the crop, or else the page with the regions drawn
    page_url: str | None  # the page with the regions drawn
    found_by: list[Space]
    ranks: dict[Space, int]
    score: float
    suspicious: list[str]  # families of instructions to a model that the text reads like; it was only quoted

    @classmethod
    def of(cls, evidence: types.Evidence) -> EvidenceOut:
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
            suspicious=list(suspicions(chunk.text)),
        )


class ClaimOut(Out):
    text: str
    citations: list[int]
    support: float
    supported: bool


class CitationOut(BaseModel):
    n: int
    evidence: EvidenceOut
    quote: str


class NoticeOut(Out):
    code: str
    message: str


class UsageOut(Out):
    prompt_tokens: int
    completion_tokens: int


class AnswerOut(BaseModel):
    answer: str
    verdict: Verdict
    confidence: float
    claims: list[ClaimOut]
    citations: list[CitationOut]
    evidence: list[EvidenceOut]
    nearest: list[EvidenceOut]
    missing: str | None
    notices: list[NoticeOut]
    model: str
    usage: UsageOut
    timings_ms: dict[str, float]
    trace_id: str

    @classmethod
    def of(cls, answer: types.Answer) -> AnswerOut:
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
            notices=[NoticeOut.model_validate(notice) for notice in answer.notices],
            model=answer.model,
            usage=UsageOut.model_validate(answer.usage),
            timings_ms=dict(answer.timings_ms),
            trace_id=answer.trace_id,
        )


class CollectionsOut(BaseModel):
    collections: list[CollectionOut]
    next_cursor: str | None


class DocumentsOut(BaseModel):
    documents: list[DocumentOut]
    next_cursor: str | None


class RejectedOut(BaseModel):
    name: str
    status: int
    detail: str


class UploadedOut(BaseModel):
    documents: list[DocumentOut]
    rejected: list[RejectedOut]


class SearchOut(BaseModel):
    evidence: list[EvidenceOut]
    trace_id: str
    notices: list[NoticeOut] = []

    @classmethod
    def of(cls, search: types.Search) -> SearchOut:
        notices = [NoticeOut.model_validate(notice) for notice in search.notices]
        return cls(evidence=evidence_out(search.evidence), trace_id=search.trace_id, notices=notices)


class FindingOut(Out):
    """`loss`: what should be there and isn't; `orphan`: what is there and belongs to nothing."""

    fault: Literal["loss", "orphan"]
    part: str
    collection: str | None
    space: Space | None
    count: int
    mended: int
    message: str
    examples: list[str]


class CompactionOut(Out):
    before: dict[str, int]  # bytes, by part of the data folder
    after: dict[str, int]
    notices: list[str]


class VerifyOut(BaseModel):
    whole: bool  # nothing is wrong, or all of it was mended
    checked: dict[str, int]
    findings: list[FindingOut]
    erasing: int  # deleted documents that are still being erased
    compaction: CompactionOut | None
    took_s: float

    @classmethod
    def of(cls, report: types.Report) -> VerifyOut:
        return cls(
            whole=report.whole,
            checked=dict(report.checked),
            findings=[FindingOut.model_validate(finding) for finding in report.findings],
            erasing=report.erasing,
            compaction=CompactionOut.model_validate(report.compaction) if report.compaction else None,
            took_s=report.took_s,
        )


def evidence_out(evidence: Sequence[types.Evidence]) -> list[EvidenceOut]:
    return [EvidenceOut.of(one) for one in evidence]


def _region(region: types.Region) -> RegionOut:
    box = region.box
    return RegionOut(page=region.page, box=(box.x0, box.y0, box.x1, box.y1))


def _place(place: types.Place | None) -> dict[str, Any] | None:
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


# ---------------------------------------------------------------- in


def _storable(text: str) -> str:
    """NUL and halves of surrogate pairs, which neither databases nor UTF-8 take, become U+FFFD."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _all_storable(value: Any) -> Any:
    try:
        return _cleaned(value)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {_storable(key): _cleaned(one) for key, one in value.items()}
    return value


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
Object = Annotated[dict[str, Any], AfterValidator(_all_storable)]
MAX_TEXT = 1_000_000  # characters of one message
MAX_IMAGES = 32  # in one request


class Lenient(BaseModel):
    """Many clients send null for what they leave out."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {name: value for name, value in body.items() if value is not None or name not in optional}


class In(Lenient):
    model_config = ConfigDict(extra="forbid")


def _a_name(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError as error:
        if not isinstance(value, str):
            raise
        raise ValueError("a name is 1 to 64 letters of any script, digits, `-` and `_`") from error


class CollectionIn(In):
    name: Annotated[str, Field(pattern=f"^{NAME}$"), WrapValidator(_a_name)]
    metadata: Object = Field(default_factory=dict)


class CollectionPatch(In):
    metadata: Object


class VerifyIn(In):
    repair: bool = False
    compact: bool = False


class ReindexIn(In):
    models: Literal["bundled", "standard"] | None = None  # what the caller believes the service to run


class ScopeIn(In):
    collection: Name | Annotated[list[Name], Field(max_length=100)] = "default"
    top_k: int = Field(default=8, ge=1, le=MAX_TOP_K)
    kinds: list[Kind] = Field(default_factory=list, max_length=len(KINDS))
    filter: Object | None = None

    @field_validator("collection")
    @classmethod
    def _some(cls, value: str | list[str]) -> str | list[str]:
        if not value:
            raise ValueError("name at least one collection")
        return value

    @property
    def names(self) -> tuple[str, ...]:
        return (self.collection,) if isinstance(self.collection, str) else tuple(dict.fromkeys(self.collection))


class SearchIn(ScopeIn):
    query: Text = Field(default="", max_length=200_000)
    image: Text | None = None  # data URL


class TextPartIn(BaseModel):
    type: Literal["text"]
    text: Text = Field(max_length=MAX_TEXT)


class ImageUrlIn(BaseModel):
    url: Text


class ImagePartIn(BaseModel):
    type: Literal["image_url"]
    image_url: ImageUrlIn


def _text_or_parts(content: Any) -> str:
    return "text" if isinstance(content, str) else "parts"


PartIn = Annotated[TextPartIn | ImagePartIn, Field(discriminator="type")]
Content = Annotated[
    Annotated[Text, Field(max_length=MAX_TEXT), Tag("text")]
    | Annotated[list[PartIn], Field(max_length=1000), Tag("parts")],
    Discriminator(_text_or_parts),
]


class MessageIn(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content | None = None


def _few_images(messages: list[MessageIn]) -> list[MessageIn]:
    parts = [part for message in messages if isinstance(message.content, list) for part in message.content]
    if sum(isinstance(part, ImagePartIn) for part in parts) > MAX_IMAGES:
        raise ValueError(f"at most {MAX_IMAGES} images in one request")
    return messages


Messages = Annotated[list[MessageIn], Field(min_length=1, max_length=2000), AfterValidator(_few_images)]


class ChatIn(ScopeIn):
    messages: Messages
    stream: bool = False


class CompletionIn(Lenient):
    """OpenAI's body; what has no meaning here (temperature, tools, …) is taken and left aside."""

    model_config = ConfigDict(extra="ignore")

    model: Name
    messages: Messages
    stream: bool = False
    stream_options: dict[str, Any] | None = None
