"""What is said to a model and by it, and what an answer consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from domain.evidence import Evidence
from domain.question import Question

Verdict = Literal["grounded", "partial", "ungrounded", "abstained"]
Because = Literal["absent", "unsure"]
Role = Literal["system", "user", "assistant"]


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
    support: float  # 0..1: how far what it cites says the same
    supported: bool
    about: float = 1.0  # 0..1: how far what it cites is about the subjects and restrictions of the question


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
    abstained_because: Because | None = None  # absent: looked up in all that was asked; unsure: nothing found states it
    notices: tuple[Notice, ...] = ()
    usage: Usage = Usage()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
