"""The nouns of Exhibit: frozen values that every part speaks in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from domain.question import Language, Question

Kind = Literal["text", "table", "figure", "page", "image", "audio", "video"]
Space = Literal["words", "text", "image"]
Status = Literal["queued", "running", "ready", "partial", "failed", "cancelled"]
Stage = Literal["identify", "parse", "describe", "split", "embed", "index", "publish"]
ReadAs = Literal["text", "ocr", "image", "empty", "failed", "pending"]
Verdict = Literal["grounded", "partial", "ungrounded", "abstained"]
Role = Literal["system", "user", "assistant"]
ReindexState = Literal["queued", "running", "failed"]

KINDS: tuple[Kind, ...] = get_args(Kind)
READ: frozenset[Status] = frozenset({"ready", "partial"})
FINISHED: frozenset[Status] = frozenset({"ready", "partial", "failed", "cancelled"})
RETRYABLE: frozenset[Status] = frozenset({"partial", "failed", "cancelled"})


# ---------------------------------------------------------------- places


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle as fractions (0..1) of the page *as rendered*: origin top left, x right, y down."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Region:
    page: int  # from 1
    box: Box


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a document without pages: under a heading, or in rows of a sheet."""

    heading: tuple[str, ...] = ()
    sheet: str | None = None
    rows: tuple[int, int] | None = None  # first and last, from 1, inclusive


# ---------------------------------------------------------------- what is kept


@dataclass(frozen=True, slots=True)
class Collection:
    id: str
    name: str
    created_at: datetime
    metadata: Mapping[str, Any] = field(default_factory=dict)
    encoders: Mapping[str, str] = field(default_factory=dict)  # space -> encoder name; empty until first use
    reindex: Reindexing | None = None  # while its vectors are being made anew, and where that failed


@dataclass(frozen=True, slots=True)
class Reindexing:
    """A collection is being re-embedded by other encoders. Until all vectors are made, searches use the former ones."""

    id: str
    encoders: Mapping[str, str]  # the new encoders
    state: ReindexState = "queued"
    done: int = 0  # chunks
    total: int = 0
    problem: str | None = None  # why it failed

    @property
    def live(self) -> bool:
        return self.state != "failed"


@dataclass(frozen=True, slots=True)
class Problem:
    message: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class PageReport:
    page: int
    read_as: ReadAs  # `pending`: it has no text, and its picture is still to be read
    confidence: float | None = None  # mean of the recogniser's line confidences, 0..1; None for text
    tables: int = 0
    figures: int = 0
    uncaptioned: int = 0  # of these
    hidden: int = 0  # words that are there but can't be seen on the page


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    collection_id: str
    collection: str  # the collection's name
    name: str
    media_type: str
    size: int  # bytes
    sha256: str
    status: Status
    created_at: datetime
    attempt: int = 1
    stage: Stage | None = None
    progress: float = 0.0  # 0..1
    pages: int | None = None
    chunks: Mapping[Kind, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    page_report: tuple[PageReport, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    ready_at: datetime | None = None
    title: str | None = None
    published: int = 0  # chunks of batches below this are visible: 0 is the text, the others are pictures'
    time_left_s: float | None = None  # a guess, while it is running
    replaces: str | None = None  # the document that this is a new version of, and takes the place of once it is whole

    @property
    def findable(self) -> bool:
        """Whether some of it can be found: its text can while its pictures are still being read."""
        return self.published > 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What filters look at in a document."""

    id: str
    pages: int | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a filter requires for certain, in a form that a database can query: documents without it can't match."""

    ids: frozenset[str] | None = None  # only these; None: any
    values: tuple[tuple[Any, ...], ...] = ()  # of each, one stands somewhere in the metadata


HIDDEN_MARK = "[hidden text]"  # how a chunk of text begins that can't be seen on its page


@dataclass(frozen=True, slots=True)
class Chunk:
    """The smallest thing that can be found and cited."""

    id: str  # "{document_id}.{digest of content}": the same content gets the same id on every run
    document_id: str
    ordinal: int  # place in reading order, from 0; -1: the outline, which stands outside it and in no index
    kind: Kind
    text: str  # what is shown and quoted; for a figure its caption and the words in it
    search_text: str  # what the text spaces index: context (title, headings, mentions) and text
    page: int | None = None
    regions: tuple[Region, ...] = ()
    place: Place | None = None
    image: str | None = None  # blob key of the crop
    description: str = ""  # a model's words about it: part of `search_text`, never quoted as the document's
    described_by: str = ""  # that model

    @property
    def hidden(self) -> bool:
        """Whether it is text that can't be seen on the page."""
        return self.text.startswith(HIDDEN_MARK)

    @property
    def own_search_text(self) -> str:
        """What the document itself says here, with what it stands under; without a model's description."""
        return self.search_text.removesuffix(f"\n{self.description}") if self.description else self.search_text

    batch: int = 0  # what is published together: 0 is the text of a document, the others are pictures


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched from an address, in a temporary file that is now the caller's."""

    file: Path
    name: str
    size: int  # bytes
    sha256: str
    url: str  # the final address, after redirects


# ---------------------------------------------------------------- what parsers yield

BlockKind = Literal["heading", "text", "list", "table", "figure", "image"]
Standing = Literal["", "running", "hidden"]  # in the text; a header, footer or page number; not to be seen on the page


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text with its box, so that a chunk of half a block has the regions of that half."""

    text: str
    box: Box
    turns: int = 0  # quarter turns clockwise that its letters lie by
    starts: tuple[float, ...] = ()  # of its words after the first, as shares of its length, where they are known


@dataclass(frozen=True, slots=True)
class Block:
    """One thing on a page, in reading order."""

    kind: BlockKind
    text: str = ""
    page: int | None = None
    box: Box | None = None
    lines: tuple[Line, ...] = ()  # text blocks of paged documents
    level: int = 0  # headings: 1 is the highest
    cells: tuple[tuple[str, ...], ...] = ()  # tables: rows of cells, header first
    boxes: tuple[tuple[Box | None, ...], ...] = ()  # around the words of each cell, where they are known
    stretches: tuple[tuple[tuple[Box, ...], ...], ...] = ()  # of a line in each cell, without the white between them
    row_pages: tuple[int, ...] = ()  # the page of each row, of a table that goes on over pages
    caption: str = ""  # figures and tables
    caption_lines: tuple[Line, ...] = ()
    image: str | None = None  # blob key of the crop, once stored
    pixels: bytes | None = None  # the crop as PNG or JPEG, until it is stored
    place: Place | None = None
    confidence: float | None = None  # recognised text only
    standing: Standing = ""


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """A page of a paged document, or the whole of one without pages (number None)."""

    number: int | None
    blocks: tuple[Block, ...] = ()
    read_as: ReadAs = "text"
    confidence: float | None = None
    needs_ocr: bool = False  # no usable text: `describe` reads the rendered page
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file turned out to be, from its content."""

    media_type: str
    pages: int | None  # None: this kind of document has no pages
    title: str | None = None
    problems: tuple[Problem, ...] = ()


# ---------------------------------------------------------------- searching


@dataclass(frozen=True, slots=True)
class Query:
    question: Question = field(default_factory=Question)
    image: bytes | None = None
    collections: tuple[Collection, ...] = ()
    kinds: frozenset[Kind] = frozenset()  # empty: all
    documents: frozenset[str] | None = None  # None: all; else only these can match
    where: Mapping[str, Any] | None = None  # the request's filter, checked again at the join


@dataclass(frozen=True, slots=True)
class Hit:
    chunk_id: str
    score: float  # orders one result, no more
    ranks: Mapping[Space, int] = field(default_factory=dict)  # from 1, in each space that found it
    scores: Mapping[Space, float] = field(default_factory=dict)  # in each space that found it, on that space's scale


@dataclass(frozen=True, slots=True)
class Vote:
    """Whether a space took part in a search, and why not."""

    space: Space
    voted: bool
    why: str = ""
    found: int = 0
    took_ms: float = 0.0
    unread: tuple[str, ...] = ()  # collections that it left out, as their vectors are of another model


@dataclass(frozen=True, slots=True)
class TraceStep:
    """A step of a search, for its trace: a space searched, a fusion, a reranking, …

    A retriever adds its own to those of the retrievers it wraps: `replace(found, steps=(*found.steps, TraceStep(…)))`.
    """

    name: str  # `words`, `text`, `image`, `fuse`, `rerank`, `join`, …
    took_ms: float = 0.0
    candidates: tuple[Hit, ...] = ()  # best first, as they were after this step
    details: Mapping[str, Any] = field(default_factory=dict)  # small, and JSON: never a document's text


@dataclass(frozen=True, slots=True)
class Dropped:
    """A candidate that is not shown, and why not."""

    chunk_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    hits: tuple[Hit, ...] = ()
    votes: tuple[Vote, ...] = ()
    exhausted: bool = True  # asking for more would give no more
    steps: tuple[TraceStep, ...] = ()
    dropped: tuple[Dropped, ...] = ()  # what a retriever itself left out: near-duplicates, …


@dataclass(frozen=True, slots=True)
class Evidence:
    """A chunk as an answer shows it, joined with its document."""

    chunk: Chunk
    document: Document
    score: float = 0.0
    ranks: Mapping[Space, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.chunk.id


@dataclass(frozen=True, slots=True)
class Understood:
    """A query as it was understood."""

    asked: str  # as it came
    searched: str  # as it was searched for: standalone, where it leaned on the conversation
    why: str = ""  # it was made standalone, or taken for a question about whole documents or the library
    language: Language = "en"
    image: bool = False
    collections: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    where: Mapping[str, Any] | None = None
    documents: int | None = None  # in how many documents something can match the filter; None without one
    top_k: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of evidence as a trace keeps it: its id, no text."""

    chunk_id: str
    score: float
    ranks: Mapping[Space, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer that was made from a search, for its trace."""

    verdict: Verdict
    confidence: float
    model: str
    shown: tuple[str, ...]  # chunk ids, in the order of their markers
    notices: tuple[str, ...] = ()  # codes


@dataclass(frozen=True, slots=True)
class Trace:
    """How a search came about. It holds ids, numbers and the caller's own words, but no text of a document."""

    id: str
    at: datetime
    caller: str  # a digest of the caller's key; empty where none is needed
    query: Understood
    votes: tuple[Vote, ...] = ()
    steps: tuple[TraceStep, ...] = ()
    evidence: tuple[Shown, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """The result of a search: evidence in order, and how it came about."""

    evidence: tuple[Evidence, ...]
    votes: tuple[Vote, ...]
    trace_id: str
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    trace: Trace | None = None
    question: Question = field(default_factory=Question)
    notices: tuple[Notice, ...] = ()


# ---------------------------------------------------------------- answering


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    data: bytes
    media_type: str = "image/png"


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    parts: tuple[TextPart | ImagePart, ...]

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything a generator needs: messages for a language model, question and evidence for the built-in reader."""

    question: Question
    messages: tuple[Message, ...]
    evidence: tuple[Evidence, ...]  # evidence[i] is marker [i+1]


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer as it is generated; the last one carries the usage, and may be empty."""

    text: str = ""
    usage: Usage | None = None
    confidence: float | None = None  # 0..1, that the evidence holds the answer, where the generator can tell
    cut: bool = False  # on the last one: the answer stopped at its length limit


@dataclass(frozen=True, slots=True)
class Claim:
    text: str
    citations: tuple[int, ...]
    support: float  # 0..1
    supported: bool


@dataclass(frozen=True, slots=True)
class Citation:
    n: int
    evidence: Evidence
    quote: str  # an exact span of the evidence's text


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the reader of an answer should know about it; `answering.output.notices` has the words."""

    code: str
    form: str = ""  # which sentence, where a code has several
    count: int = 0  # of the things concerned
    which: tuple[int, ...] = ()  # the numbers of the evidence
    name: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    answer: str
    verdict: Verdict
    confidence: float
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    evidence: tuple[Evidence, ...]
    model: str
    trace_id: str
    nearest: tuple[Evidence, ...] = ()
    missing: str | None = None
    notices: tuple[Notice, ...] = ()
    usage: Usage = Usage()
    timings_ms: Mapping[str, float] = field(default_factory=dict)


# ---------------------------------------------------------------- upkeep

Fault = Literal["loss", "orphan"]  # something is missing; something belongs to no document
Part = Literal["chunks", "originals", "crops", "kept", "vectors", "words", "blobs"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Faults of one kind in one place; `mended` of `count` were repaired."""

    fault: Fault
    part: Part
    count: int
    mended: int
    message: str
    examples: tuple[str, ...]  # ids of documents or chunks, or names of blobs
    collection: str | None = None
    space: Space | None = None


@dataclass(frozen=True, slots=True)
class Compaction:
    before: Mapping[str, int]  # bytes, by part of the data folder
    after: Mapping[str, int]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    checked: Mapping[str, int]
    findings: tuple[Finding, ...]
    erasing: int  # deleted documents that were still to be erased
    took_s: float
    compaction: Compaction | None = None

    @property
    def whole(self) -> bool:
        return all(finding.mended == finding.count for finding in self.findings)
