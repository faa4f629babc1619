"""Chooses the evidence for a prompt by coverage, and packs it ever smaller until the model accepts it."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.answers import ImagePart, Message, Noticed, TextPart
from domain.evidence import Evidence
from language.scripts import has_cjk
from language.terms import terms

# Longest sides of an evidence picture in a prompt: about 1,300, 330 and 80 visual tokens with patches of 28 pixels
SIDES = (1024, 512, 256)
_VISUAL_PATCH = 28
_SAME = 0.85  # share of the shorter text's words from which two texts count as the same
_FEW_WORDS = 5  # that tell nothing about likeness
_ALIKE = 0.3  # taken from a chunk's worth when all of its words are shown already
_SAME_PAGE = 0.05  # taken for each chunk of the same page that is shown already
_CHARACTERS_A_TOKEN = 3.6
_HISTORY_CHARACTERS = 16_000  # of a conversation, its newest part
_HISTORY_SHARE = 1 / 3  # at most, of a prompt
_HISTORY_MESSAGES = 40


def spread(pool: Sequence[Evidence], most: int) -> tuple[Evidence, ...]:
    """The best pieces that say different things, from different pages, in their order; always with the first."""
    left = _candidates(pool)
    chosen: list[_Candidate] = []
    while left and len(chosen) < most:
        best = max(left, key=lambda one: one.worth)
        left.remove(best)
        chosen.append(best)
        for one in left:
            one.beside_chosen(best)
    return tuple(pool[one.at] for one in sorted(chosen, key=lambda one: one.at))


@dataclass(slots=True, eq=False)
class _Candidate:
    """A piece that may be shown; what it is worth falls with each that is chosen before it."""

    at: int
    rank: float
    words: int  # one bit for each word of all candidates: many are compared with many
    count: int
    page: tuple[str, int | None]
    textual: bool
    worth: float
    alike: float = 0.0
    beside: int = 0

    def beside_chosen(self, other: _Candidate) -> None:
        fewer = min(self.count, other.count)
        overlap = (self.words & other.words).bit_count() / fewer if fewer >= _FEW_WORDS else 0.0
        if overlap <= self.alike and self.page != other.page:
            return
        self.alike = max(self.alike, overlap)
        self.beside += self.page == other.page
        repeated = 1.0 if self.alike >= _SAME and self.textual else _ALIKE * self.alike  # a figure also has pixels
        self.worth = self.rank - repeated - _SAME_PAGE * min(self.beside, 4)


def _candidates(pool: Sequence[Evidence]) -> list[_Candidate]:
    known: dict[str, int] = {}
    found = []
    for at, one in enumerate(pool):
        words = {known.setdefault(word, len(known)) for word in terms(one.chunk.text)}
        bits = bytearray(len(known) // 8 + 1)
        for word in words:
            bits[word >> 3] |= 1 << (word & 7)
        rank, page = 1 - at / (2 * len(pool)), (one.chunk.document_id, one.chunk.page)
        textual = one.chunk.kind == "text"
        found.append(_Candidate(at, rank, int.from_bytes(bits, "little"), len(words), page, textual, rank))
    return found


@dataclass(frozen=True, slots=True)
class Packing:
    evidence: tuple[Evidence, ...]
    images: tuple[str, ...]  # ids of the evidence that is shown with its pixels too
    side: int  # the longest that these may have
    noticed: tuple[Noticed, ...] = ()


def packings(evidence: Sequence[Evidence], sizes: Mapping[str, tuple[int, int]], most_images: int) -> Iterator[Packing]:
    """The fullest first: then smaller pictures, fewer, none, and at last fewer passages. `sizes` are the pictures' in
    pixels, by evidence id. Evidence is only ever dropped from the end, so that markers keep their numbers."""
    pictured = [one.id for one in evidence if one.id in sizes]
    count = min(most_images, len(pictured))
    longest = max((max(sizes[one]) for one in pictured[:count]), default=0)
    sides = [side for at, side in enumerate(SIDES) if at == 0 or longest > side]
    for side in sides if count else ():
        yield _packing(evidence, pictured, len(evidence), count, side)
    while count:
        count //= 2
        yield _packing(evidence, pictured, len(evidence), count, sides[-1])
    if not pictured or not most_images:
        yield _packing(evidence, pictured, len(evidence), 0, SIDES[0])
    kept = len(evidence) // 2
    while kept >= 1:
        yield _packing(evidence, pictured, kept, 0, SIDES[0])
        kept //= 2


def _packing(evidence: Sequence[Evidence], pictured: Sequence[str], kept: int, count: int, side: int) -> Packing:
    shown = tuple(evidence[:kept])
    ids = [one.id for one in shown]
    with_pixels = [one for one in pictured if one in ids]
    noticed = []
    if count and side < SIDES[0]:
        noticed.append(Noticed("images_reduced", count=count))
    if without := len(with_pixels) - count:
        noticed.append(Noticed("images_left_out", count=without))
    if dropped := len(evidence) - kept:
        noticed.append(Noticed("evidence_left_out", count=dropped))
    return Packing(shown, tuple(with_pixels[:count]), side, tuple(noticed))


# ---------------------------------------------------------------- how much it is


def tokens_of(messages: Sequence[Message]) -> float:
    """An estimate of a prompt's tokens; the server's own count decides."""
    return sum(_part_tokens(part) for message in messages for part in message.parts)


def _part_tokens(part: TextPart | ImagePart) -> float:
    if isinstance(part, ImagePart):
        width, height = picture_size(part.data) or (SIDES[0], SIDES[0])
        return math.ceil(width / _VISUAL_PATCH) * math.ceil(height / _VISUAL_PATCH) + 4
    return len(part.text) * (0.8 if has_cjk(part.text[:2_000]) else 1 / _CHARACTERS_A_TOKEN)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Of a PNG or JPEG, from its header; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + max(2, length)
    return None


# ---------------------------------------------------------------- the conversation before


def recent(history: Sequence[Message], tokens: float | None = None) -> tuple[tuple[Message, ...], tuple[Noticed, ...]]:
    """The newest turns of a long conversation; what the caller's system messages wish for stays. `tokens` is what the
    whole prompt may have, if that is known."""
    share = math.inf if tokens is None else tokens * _HISTORY_SHARE * _CHARACTERS_A_TOKEN
    room, kept = min(_HISTORY_CHARACTERS, share), list[Message]()
    turns = [message for message in history if message.role != "system"]
    for message in reversed(turns[-_HISTORY_MESSAGES:]):
        room -= len(message.text)
        if room < 0 and kept:
            break
        kept.append(message)
    left_out = len(turns) - len(kept)
    if not left_out:
        return tuple(history), ()
    wishes = [message for message in history if message.role == "system"]
    return (*wishes, *reversed(kept)), (Noticed("history_left_out", count=left_out),)
