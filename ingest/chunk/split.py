"""Cuts a parsed document into chunks, the smallest things that can be found and cited; each keeps its place.

Blocks of one section are packed together up to a chunk's size, never across pages or top headings; tables are cut
between rows, with the header repeated; a figure or a picture is one chunk. Ids are made of the content, so that
the same content gets the same id on every run.

A document is split twice: its text, and later its pictures and the pages that are pictures, when they have been read.
What the text became then stays as it is; a picture's chunks take the ordinals that were kept for them.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, takewhile
from pathlib import PurePath

from domain.blob_keys import digest_of_crop
from domain.chunk_ids import chunk_id
from domain.types import HIDDEN_MARK, Block, Box, Chunk, Document, Kind, Line, ParsedPage, Place, Region
from ingest.chunk.cross_page import running_lines, with_joined_tables, without_running
from ingest.chunk.long_text import cut
from ingest.chunk.mentions import Mentions, mentions_in, mentions_of
from ingest.chunk.regions import boxes, lines_of_parts, regions, row_page, table_regions
from ingest.parse.outline import Headings, Outline
from ingest.parse.pdf_layout import run_on
from ingest.parse.tables import markdown_of, markdown_row, unruled
from language.scripts import CJK_LETTERS

WORDS = 180  # in a chunk: found to retrieve better than smaller and larger ones
CJK = 350  # characters of Chinese, Japanese or Korean in a chunk
HEADING_TOKENS = 32  # kept free for the headings that a chunk stands under
LEAST_TOKENS = 48  # for the text itself, whatever the context takes
MOST_KNOWN = 20_000  # texts whose size is remembered
MAX_TITLE, MAX_HEADINGS = 100, 100  # characters of context
HIDDEN = "hidden"
ENOUGH = 0.4  # a chunk this full ends before a minor heading
LEAD = 0.25  # what is shorter than this share of a chunk does not stand alone if something follows
WIDE_HEADER = 0.5  # a header over this share of a chunk: the table is cut between columns too
LONG_ROW = 2.0  # a row this many chunks long is cut inside its longest cells

CJK_LETTER = re.compile(f"[{CJK_LETTERS}]")
BROKEN_OFF = re.compile(r"[a-z\u00df-\u00ff\u2010,-]$")  # the end of a text whose sentence goes on
WORD = re.compile(rf"[^\s{CJK_LETTERS}]+")

CountTokens = Callable[[Sequence[str]], list[int]]


PICTURES = frozenset({"figure", "image"})
ROOM = 1000  # ordinals kept for a page, or a picture file, that is still to be read


@dataclass(frozen=True, slots=True)
class Start:
    """How a page begins: the ordinal of its first chunk, and the headings that are open."""

    ordinal: int
    headings: Headings


@dataclass(frozen=True, slots=True)
class Outlook:
    """What splitting the pictures has to know of the text they stand in."""

    top_level: int
    mentions: Mentions
    starts: Mapping[int, Start]  # by page number; 0 for a document without pages
    waiting: frozenset[int]  # pages without text
    running: frozenset[str] = frozenset()  # headers and footers
    hidden_text: bool = False


def split_text(
    document: Document,
    pages: Sequence[ParsedPage],
    count_tokens: CountTokens,
    max_tokens: int,
    hidden_text: bool = False,
) -> tuple[tuple[Chunk, ...], Outlook]:
    """The chunks of what is text already, in reading order; with `hidden_text` also of what can't be seen."""
    pages, running = _without_hidden(pages, hidden_text), running_lines(pages)
    pages = with_joined_tables([without_running(page, running) for page in pages])
    mentions, top_level = mentions_in(pages), _top_level(pages)
    maker = _Maker(document, 0, _Splitter(_measure(document, count_tokens, max_tokens), mentions, top_level))
    chunks: list[Chunk] = []
    starts: dict[int, Start] = {}
    ordinal = 0
    for page in pages:
        starts[page.number or 0] = Start(ordinal, maker.splitter.outline.open)
        if page.needs_ocr:
            ordinal += ROOM
        else:
            numbered, ordinal = _numbered(page, maker.splitter.page(page), ordinal)
            chunks += maker.chunks([one for one in numbered if not one.pictured])
    waiting = frozenset(page.number or 0 for page in pages if page.needs_ocr)
    return tuple(chunks), Outlook(top_level, mentions, starts, waiting, running, hidden_text)


def split_pictures(
    document: Document,
    pages: Sequence[ParsedPage],
    outlook: Outlook,
    batch: int,
    count_tokens: CountTokens,
    max_tokens: int,
) -> tuple[Chunk, ...]:
    """The chunks of pictures and of pages that were pictures, once they have been read; in reading order."""
    pages = with_joined_tables(_as_split(_without_hidden(pages, outlook.hidden_text), outlook))
    top_level = outlook.top_level or _top_level(pages)
    measure = _measure(document, count_tokens, max_tokens)
    maker = _Maker(document, batch, _Splitter(measure, outlook.mentions, top_level))
    chunks: list[Chunk] = []
    before: int | None = None  # the page before this, if it was read just now: its headings go on
    for page in pages:
        number = page.number or 0
        start, waited = outlook.starts[number], number in outlook.waiting
        if not waited or before != number - 1:
            maker.splitter.outline = Outline.under(start.headings)
        before = number if waited else None
        numbered, _ = _numbered(page, maker.splitter.page(page), start.ordinal)
        chunks += maker.chunks(numbered) if waited else maker.pictures(numbered)
    return tuple(chunks)


def _as_split(pages: Sequence[ParsedPage], outlook: Outlook) -> list[ParsedPage]:
    """Pages with text lose what they lost then; those that were pictures, also what these pages repeat."""
    repeated = outlook.running | running_lines(pages)
    return [
        without_running(page, repeated if (page.number or 0) in outlook.waiting else outlook.running) for page in pages
    ]


def split(
    document: Document,
    pages: Sequence[ParsedPage],
    count_tokens: CountTokens,
    max_tokens: int,
    hidden_text: bool = False,
) -> tuple[Chunk, ...]:
    """All chunks of a document whose pictures have been read, in reading order."""
    text, outlook = split_text(document, pages, count_tokens, max_tokens, hidden_text)
    pictures = split_pictures(document, pages, outlook, 1, count_tokens, max_tokens)
    in_order = sorted((*text, *pictures), key=lambda chunk: chunk.ordinal)
    return tuple(replace(chunk, ordinal=ordinal) for ordinal, chunk in enumerate(in_order))


def _measure(document: Document, count_tokens: CountTokens, max_tokens: int) -> Measure:
    context = count_tokens([_title(document)])[0]
    return Measure(count_tokens, max(LEAST_TOKENS, max_tokens - context - HEADING_TOKENS))


@dataclass(frozen=True, slots=True)
class Numbered:
    ordinal: int
    pictured: bool  # made of a picture, or of the words in one
    draft: Draft


def _numbered(page: ParsedPage, drafts: Iterable[tuple[int, Draft]], first: int) -> tuple[list[Numbered], int]:
    """Gives ordinals, the same whether the pictures have been read or not; returns the next page's first too."""
    numbered: list[Numbered] = []
    ordinal, of_picture, room_ends = first, -1, first
    for index, draft in drafts:
        kind = page.blocks[index].kind
        if kind not in PICTURES:
            ordinal = max(ordinal, room_ends)
            numbered.append(Numbered(ordinal, False, draft))
            ordinal += 1
            continue
        if index != of_picture:
            of_picture, ordinal = index, max(ordinal, room_ends)
            room_ends = ordinal + ROOM
        numbered.append(Numbered(ordinal, True, draft))
        ordinal += 1
    return numbered, max(ordinal, room_ends)


def _without_hidden(pages: Sequence[ParsedPage], asked_for: bool) -> Sequence[ParsedPage]:
    """Text that can't be seen is left out, or comes after the page's own: alone, and marked."""
    if asked_for:
        return pages
    return [replace(page, blocks=tuple(each for each in page.blocks if each.standing != HIDDEN)) for page in pages]


# ---------------------------------------------------------------- how long a text is


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of texts as a share of a chunk: by words and characters, and by the encoder's tokens where it
    reads the script (an encoder that makes unknown tokens of Chinese does not limit it)."""

    count_tokens: CountTokens
    max_tokens: int
    known: dict[str, float] = field(default_factory=dict)

    def many(self, texts: Sequence[str]) -> list[float]:
        """Each text is counted once: cutting asks for the same sentences again, and calls cost more than texts."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            if len(self.known) > MOST_KNOWN:
                self.known.clear()
                new = list(dict.fromkeys(texts))
            tokens = self.count_tokens(new)
            self.known.update((text, self._size(text, n)) for text, n in zip(new, tokens, strict=True))
        return [self.known[text] for text in texts]

    def one(self, text: str) -> float:
        return self.many([text])[0]

    def _size(self, text: str, tokens: int) -> float:
        cjk, words = len(CJK_LETTER.findall(text)), len(WORD.findall(text))
        share = words / WORDS + cjk / CJK
        return share if cjk > words else max(share, tokens / self.max_tokens)


# ---------------------------------------------------------------- from blocks to drafts of chunks


@dataclass(frozen=True, slots=True)
class Piece:
    """A block of text, or a part of one, on its way into a chunk."""

    text: str
    size: float
    heading: tuple[str, ...]
    level: int = 0  # of a heading; 0 for other text
    boxes: tuple[Box, ...] = ()
    place: Place | None = None  # in a sheet


@dataclass(frozen=True, slots=True)
class Draft:
    """A chunk without its id."""

    kind: Kind
    text: str
    about: tuple[str, ...] = ()  # what only the search sees: captions, sentences that mention it
    headings: tuple[str, ...] = ()
    page: int | None = None
    regions: tuple[Region, ...] = ()
    place: Place | None = None
    image: str | None = None


@dataclass(slots=True)
class _Splitter:
    measure: Measure
    mentions: Mentions
    top_level: int
    outline: Outline = field(default_factory=Outline)

    def page(self, page: ParsedPage) -> list[tuple[int, Draft]]:
        """Each chunk with the block it begins in. Text is packed across the tables and figures that stand within it."""
        sizes = self.measure.many([block.text for block in page.blocks])
        drafts: list[tuple[int, Draft]] = []
        pack = _Pack(page.number)
        for index, (block, size) in enumerate(zip(page.blocks, sizes, strict=True)):
            heading = self._heading(block)
            if block.standing == HIDDEN:
                drafts += [(index, draft) for draft in self._hidden(block, page.number)]
            elif block.kind in ("heading", "text", "list"):
                drafts += pack.add(index, self._pieces(block, size, heading, pack), self.top_level)
            else:
                drafts += [(index, draft) for draft in self._standing(block, heading, page.number)]
        drafts += pack.close()
        return sorted(drafts, key=lambda item: item[0])

    def _heading(self, block: Block) -> tuple[str, ...]:
        """The headings that a block is under: the parser's, or those met so far."""
        if block.place is not None:
            return block.place.heading
        if block.kind == "heading":
            self.outline.heading(block.level or 1, block.text)
        return self.outline.place.heading

    def _pieces(self, block: Block, size: float, heading: tuple[str, ...], pack: _Pack) -> list[Piece]:
        text = block.text.strip()
        if not text:
            return []
        level = (block.level or 1) if block.kind == "heading" else 0
        room = 1.0 if level else pack.room
        if size <= room:
            return [Piece(text, size, heading, level, boxes(block, block.lines), _in_a_sheet(block))]
        parts = cut(text, self.measure.many, room)
        held = lines_of_parts(block.lines, text, parts)
        measured = zip(parts, self.measure.many(parts), held, strict=True)
        place = _in_a_sheet(block)
        return [Piece(part, share, heading, level, boxes(block, lines), place) for part, share, lines in measured]

    def _standing(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        """Tables, figures and pictures."""
        if block.kind == "table":
            yield from self._table(block, heading, page)
        elif block.kind == "image":
            yield from self._image(block, heading, page)
        else:
            yield from self._figure(block, heading, page)

    def _figure(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        """A figure with its caption, and what the text says of it as far as the encoder has room. Words in it that
        are too many for one chunk go on in text chunks."""
        words = _joined(block.caption, block.text)
        first, *rest = cut(words, self.measure.many, 1.0)
        about = self._about(first, block.caption, page)
        yield self._picture("figure", block, first, heading, page, about)
        lines = (*block.caption_lines, *block.lines) if block.lines else ()
        held = lines_of_parts(lines, words, [first, *rest])[1:]
        yield from self._rest(block, rest, held, heading, page)

    def _rest(
        self,
        block: Block,
        parts: Sequence[str],
        held: Sequence[tuple[Line, ...]],
        heading: tuple[str, ...],
        page: int | None,
    ) -> Iterator[Draft]:
        """The words of a picture that its own chunk has no room for, each part with the region of its lines."""
        for part, lines in zip(parts, held, strict=True):
            where = regions(page, boxes(block, lines))
            yield Draft("text", part, (), heading, page, where, _place(block, heading, page))

    def _about(self, text: str, caption: str, page: int | None) -> tuple[str, ...]:
        room, about = 1.0 - self.measure.one(text), list[str]()
        for sentence in mentions_of(caption, page, self.mentions):
            room -= self.measure.one(sentence)
            if room >= 0:
                about.append(sentence)
        return tuple(about)

    def _hidden(self, block: Block, page: int | None) -> Iterator[Draft]:
        parts = cut(block.text, self.measure.many, 0.9)
        for part, lines in zip(parts, lines_of_parts(block.lines, block.text, parts), strict=True):
            yield Draft("text", f"{HIDDEN_MARK} {part}", (), (), page, regions(page, boxes(block, lines)))

    def _image(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        """A picture file and the words in it. Those that are too many for one chunk (a photographed page) go on in
        text chunks."""
        words = _joined(block.caption, block.text)
        first, *rest = cut(words, self.measure.many, 1.0)
        yield self._picture("image", block, first, heading, page)
        held = lines_of_parts(block.lines, words, [first, *rest])[1:]
        yield from self._rest(block, rest, held, heading, page)

    def _picture(
        self,
        kind: Kind,
        block: Block,
        text: str,
        heading: tuple[str, ...],
        page: int | None,
        about: tuple[str, ...] = (),
    ) -> Draft:
        where = [*boxes(replace(block, lines=()), ()), *(line.box for line in block.caption_lines)]
        return Draft(kind, text, about, heading, page, regions(page, where), _place(block, heading, page), block.image)

    # ------------------------------------------------------------ tables

    def _table(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        if len(block.cells) < 2:
            rows = [tuple(row) for row in block.cells]
            text = markdown_of(rows) if rows else block.text
            if text.strip():
                yield self._table_draft(block, _joined(block.caption, text), (0, len(rows)), heading, page)
            return
        for columns in self._columns(block):
            yield from self._row_groups(columns, heading, page)

    def _columns(self, block: Block) -> Iterator[Block]:
        """The table; one so wide that its header alone fills a chunk comes in parts, each with the first column."""
        header = block.cells[0]
        if self.measure.one(markdown_of([header])) <= WIDE_HEADER:
            yield block
            return
        sizes = self.measure.many([f"{name} | --- |" for name in header])
        start, filled = 1, sizes[0]
        for column in range(1, len(header)):
            if column > start and filled + sizes[column] > WIDE_HEADER:
                yield _columns_of(block, start, column)
                start, filled = column, sizes[0]
            filled += sizes[column]
        yield _columns_of(block, start, len(header))

    def _row_groups(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        start, group, filled = 1, list[tuple[str, ...]](), 0.0
        room = max(0.4, 1.0 - self.measure.one(_joined(block.caption, markdown_of([block.cells[0]]))))
        for number, row, size in self._rows(block.cells):
            if group and filled + size > room:
                yield self._rows_draft(block, group, (start, number), heading, page)
                start, group, filled = number, [], 0.0
            group.append(row)
            filled += size
        yield self._rows_draft(block, group, (start, len(block.cells)), heading, page)

    def _rows(self, cells: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, tuple[str, ...], float]]:
        """(number, row, size); a row as long as several chunks comes in parts."""
        sizes = self._sizes(cells)
        for number in range(1, len(cells)):
            if sizes[number] <= LONG_ROW:
                yield number, cells[number], sizes[number]
                continue
            parts = list(self._row_parts(cells[number]))
            yield from ((number, part, size) for part, size in zip(parts, self._sizes(parts), strict=True))

    def _sizes(self, rows: Sequence[tuple[str, ...]]) -> list[float]:
        return self.measure.many([markdown_row(row) for row in rows])

    def _row_parts(self, row: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Each part keeps the short cells and has a piece of one long cell."""
        sizes = self.measure.many(row)
        short = tuple(cell if size <= 0.2 else "" for cell, size in zip(row, sizes, strict=True))
        for column, (cell, size) in enumerate(zip(row, sizes, strict=True)):
            if size > 0.2:
                for part in cut(cell, self.measure.many, 0.5):
                    yield (*short[:column], part, *short[column + 1 :])

    def _rows_draft(
        self,
        block: Block,
        group: list[tuple[str, ...]],
        span: tuple[int, int],
        heading: tuple[str, ...],
        page: int | None,
    ) -> Draft:
        text = _joined(block.caption, markdown_of([block.cells[0], *group]))
        return self._table_draft(block, text, span, heading, page)

    def _table_draft(
        self, block: Block, text: str, span: tuple[int, int], heading: tuple[str, ...], page: int | None
    ) -> Draft:
        place = _place(block, heading, page)
        if place is not None and place.rows is not None:
            place = replace(place, rows=_sheet_rows(place.rows, len(block.cells), span))
        about = self._about(text, block.caption, page)
        where = table_regions(block, page, range(*span))
        if page is not None:
            page = row_page(block, min(span[0], len(block.cells) - 1), page)
        return Draft("table", text, about, heading, page, where, place, block.image)


@dataclass(slots=True)
class _Pack:
    """The chunk of text that is being filled."""

    page: int | None
    held: list[Piece] = field(default_factory=list)
    began: int = 0

    @property
    def size(self) -> float:
        return sum(piece.size for piece in self.held)

    @property
    def room(self) -> float:
        """For the next piece. A heading, or a line or two, stays with what it announces; else a new chunk begins."""
        return 1.0 - self.size if self.size < LEAD else 1.0

    @property
    def announces(self) -> bool:
        """Whether it holds nothing but headings."""
        return all(piece.level for piece in self.held)

    def add(self, index: int, pieces: Iterable[Piece], top_level: int) -> list[tuple[int, Draft]]:
        done: list[tuple[int, Draft]] = []
        for piece in pieces:
            if self._ends_before(piece, top_level):
                done += self.close()
            if not self.held:
                self.began = index
            self.held.append(piece)
        return done

    def close(self) -> list[tuple[int, Draft]]:
        if not self.held:
            return []
        held, self.held = self.held, []
        headings = _common([piece.heading for piece in held])
        place = _over([piece.place for piece in held]) or (Place(heading=headings) if self.page is None else None)
        named = {piece.text for piece in held if piece.level}
        context = tuple(name for name in headings if name not in named)
        where = regions(self.page, [box for piece in held for box in piece.boxes])
        text = _run_together(held)
        return [(self.began, Draft("text", text, (), context, self.page, where, place))]

    def _ends_before(self, piece: Piece, top_level: int) -> bool:
        if not self.held:
            return False
        if self.size + piece.size > 1.0:
            return True
        if not piece.level or self.announces:
            return False
        return piece.level <= top_level or self.size >= ENOUGH


def _run_together(pieces: Sequence[Piece]) -> str:
    """Each on its own line, but a sentence that goes on over columns in one."""
    text = pieces[0].text
    for last, piece in pairwise(pieces):
        goes_on = not (last.level or piece.level) and BROKEN_OFF.search(last.text) and piece.text[:1].islower()
        text = run_on(text, piece.text) if goes_on else f"{text}\n{piece.text}"
    return text


def _columns_of(block: Block, start: int, end: int) -> Block:
    """The first column and those from `start` to before `end`."""
    return replace(
        block,
        cells=tuple((row[0], *row[start:end]) for row in block.cells),
        boxes=tuple((row[0], *row[start:end]) for row in block.boxes),
        stretches=tuple((row[0], *row[start:end]) for row in block.stretches),
    )


def _top_level(pages: Iterable[ParsedPage]) -> int:
    """The highest level with several headings: one level-1 heading alone is the document's title. 0: no headings."""
    levels = Counter(block.level or 1 for page in pages for block in page.blocks if block.kind == "heading")
    several = [level for level, number in levels.items() if number > 1]
    return min(several or levels or [0])


def _common(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The headings that all pieces share; where they share none, those of the first."""
    level_by_level = zip(*paths, strict=False)
    shared = tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, level_by_level))
    return shared or paths[0]


def _place(block: Block, heading: tuple[str, ...], page: int | None) -> Place | None:
    return _in_a_sheet(block) or (Place(heading=heading) if page is None else None)


def _in_a_sheet(block: Block) -> Place | None:
    place = block.place
    return place if place is not None and (place.sheet is not None or place.rows is not None) else None


def _over(places: Sequence[Place | None]) -> Place | None:
    """The rows from the first to the last of these places, which are in one sheet."""
    known = [place for place in places if place is not None]
    rows = [place.rows for place in known if place.rows is not None]
    span = (min(first for first, _ in rows), max(last for _, last in rows)) if rows else None
    return Place(sheet=known[0].sheet, rows=span) if known else None


def _sheet_rows(rows: tuple[int, int], cells: int, span: tuple[int, int]) -> tuple[int, int]:
    """Where rows `span` (half open, counted in cells) of a block stand in the sheet. A block's `rows` count its
    header only where it stands right above them; where rows were left out between, the block's are all we know."""
    length = rows[1] - rows[0] + 1
    shift = {cells: rows[0], cells - 1: rows[0] - 1}.get(length)
    if shift is None:
        return rows
    first = span[0] if span[0] > 1 or length < cells else 0
    return shift + first, shift + span[1] - 1


# ---------------------------------------------------------------- from drafts to chunks


def _title(document: Document) -> str:
    """What a document is called: its file's name, and its own title where that says more."""
    stem = " ".join(re.sub(r"[_\-+.]+", " ", PurePath(document.name).stem).split())
    title = " ".join((document.title or "").split())
    if title and title.casefold() not in stem.casefold() and stem.casefold() not in title.casefold():
        return f"{stem}: {title}"[:MAX_TITLE]
    return max(stem, title, key=len)[:MAX_TITLE]


@dataclass(slots=True)
class _Maker:
    """Makes the chunks of one batch."""

    document: Document
    batch: int
    splitter: _Splitter

    def chunks(self, numbered: Iterable[Numbered], seen: Counter[str] | None = None) -> list[Chunk]:
        """`seen`: what a page has been found to hold already; the same content met again counts on."""
        counts = Counter[str]() if seen is None else seen
        return [self._chunk(one, counts) for one in numbered]

    def pictures(self, numbered: Sequence[Numbered]) -> list[Chunk]:
        """Those of a page whose text was split before: that is counted first, as it was then."""
        seen = Counter[str]()
        self.chunks([one for one in numbered if not one.pictured], seen)
        return self.chunks([one for one in numbered if one.pictured], seen)

    def _chunk(self, one: Numbered, seen: Counter[str]) -> Chunk:
        draft = one.draft
        headings = " › ".join(draft.headings[-3:])[-MAX_HEADINGS:]
        text = unruled(draft.text) if draft.kind == "table" else draft.text
        search_text = "\n".join(part for part in (_title(self.document), headings, text, *draft.about) if part)
        return Chunk(
            id=chunk_id(self.document.id, _digest(draft, seen)),
            document_id=self.document.id,
            ordinal=one.ordinal,
            kind=draft.kind,
            text=draft.text,
            search_text=search_text,
            page=draft.page,
            regions=draft.regions,
            place=draft.place,
            image=draft.image,
            batch=self.batch,
        )


def _digest(draft: Draft, seen: Counter[str]) -> str:
    """Of the content; the same content met again on a page counts on. Of a crop its own digest, the end of its key:
    the rest names the document, and the same content would not be the same in another."""
    crop = digest_of_crop(draft.image)
    content = "\x1f".join([draft.kind, str(draft.page), draft.text, crop])
    seen[content] += 1
    return hashlib.sha256(f"{content}\x1f{seen[content]}".encode(errors="surrogatepass")).hexdigest()[:16]


def _joined(caption: str, words: str) -> str:
    return "\n".join(part for part in (caption.strip(), words.strip()) if part)
