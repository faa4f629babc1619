"""Collections, documents and chunks, and the places on their pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

Kind = Literal["text", "table", "figure", "page", "image", "audio", "video"]
Status = Literal["queued", "running", "ready", "partial", "failed", "cancelled"]
Stage = Literal["identify", "parse", "describe", "split", "embed", "index", "publish"]
ReadAs = Literal["text", "ocr", "image", "empty", "failed", "pending"]
# What the service needs and may fail to reach, as users are told: "waiting for the vector index".
Part = Literal["the catalogue", "the vector index", "the words index", "the files", "the language model"]
ReindexState = Literal["queued", "running", "failed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
READ: frozenset[Status] = frozenset({"ready", "partial"})
FINISHED: frozenset[Status] = frozenset({"ready", "partial", "failed", "cancelled"})
MOST_LISTED_PAGES = 200  # lists hold the page reports of documents with so few pages
RETRYABLE: frozenset[Status] = frozenset({"partial", "failed", "cancelled"})


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
    waiting_for: Part | None = None  # can't be reached; `ready` or `partial`: it waits for descriptions alone
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


CHARACTERS_LEFT_OUT = "words in characters that can't be seen were left out"  # a problem's message


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
    obscured: bool = False  # its kept text has words in characters that can't be seen; here they are out


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched from an address, in a temporary file that is now the caller's."""

    file: Path
    name: str
    size: int  # bytes
    sha256: str
    url: str  # the final address, after redirects
