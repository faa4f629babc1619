"""The outline of a document, a chunk that can be shown and cited: title, headings, lead sentences, captions.

It stands before the reading order (ordinal -1), so that no index holds it and no ordinary search finds it; questions
about whole documents look it up by its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from domain.chunk_ids import chunk_id, name_in_document
from domain.documents import Chunk, Document, Place
from domain.parsed import Block, ParsedPage
from language.scripts import is_chinese
from language.sentences import spans

NAME = "outline"
ORDINAL = -1
LEADS, LONGEST_LEAD = 8, 320  # sentences, characters
HEADINGS, LONGEST_HEADING = 24, 90
CAPTIONS, LONGEST_CAPTION = 12, 120
LEAST_SENTENCE = 25  # characters; 12 of Chinese: shorter lines are page furniture

_LABELS = {False: ("Sections", "Tables", "Figures"), True: ("章节", "表格", "图")}


def outline_id(document_id: str) -> str:
    return chunk_id(document_id, NAME)


def is_outline(chunk_id: str) -> bool:
    return name_in_document(chunk_id) == NAME


def outline_of(document: Document, pages: Sequence[ParsedPage]) -> Chunk:
    blocks = [block for page in pages for block in page.blocks if not block.standing]  # nor what can't be seen
    first_page = next((page.number for page in pages if page.number is not None), None)
    leads = list(_leads(blocks))
    chinese = is_chinese(" ".join(leads) or document.name)
    sections, tables, figures = _LABELS[chinese]
    lines = [
        *(_ended(line, chinese) for line in (_title(document), *leads)),
        _listed(sections, _headings(blocks), chinese),
        _listed(tables, _captions(blocks, ("table",)), chinese),
        _listed(figures, _captions(blocks, ("figure", "image")), chinese),
    ]
    text = "\n".join(line for line in lines if line)
    return Chunk(
        id=outline_id(document.id),
        document_id=document.id,
        ordinal=ORDINAL,
        kind="text",
        text=text,
        search_text=text,
        page=first_page,
        place=Place(heading=("Outline",)),
    )


def _title(document: Document) -> str:
    title = " ".join((document.title or "").split())[:LONGEST_CAPTION]
    return f"{document.name}: {title}" if title and title.casefold() != document.name.casefold() else document.name


def _leads(blocks: Sequence[Block]) -> Iterator[str]:
    """The first sentences, and then the first one under each heading."""
    count, fresh = 0, True
    for block in blocks:
        if block.kind == "heading":
            fresh = True
        elif block.kind in ("text", "list") and (count < 2 or fresh):
            for sentence in _sentences(block.text)[: 2 if count == 0 else 1]:
                yield sentence[:LONGEST_LEAD]
                count, fresh = count + 1, False
        if count >= LEADS:
            return


def _sentences(text: str) -> list[str]:
    found = [" ".join(text[a:b].split()) for a, b in spans(text)]
    return [one for one in found if len(one) >= (12 if is_chinese(one) else LEAST_SENTENCE)]


def _headings(blocks: Sequence[Block]) -> list[str]:
    return [" ".join(block.text.split())[:LONGEST_HEADING] for block in blocks if block.kind == "heading"][:HEADINGS]


def _captions(blocks: Sequence[Block], kinds: Sequence[str]) -> list[str]:
    found = [" ".join(block.caption.split())[:LONGEST_CAPTION] for block in blocks if block.kind in kinds]
    return [caption for caption in dict.fromkeys(found) if re.search(r"\w", caption)][:CAPTIONS]


def _ended(line: str, chinese: bool) -> str:
    """With a full stop, so that each line can be quoted as a sentence."""
    return line if re.search(r"[.!?。！？…][\"'”’」』）)\]]*$", line) else f"{line}{'。' if chinese else '.'}"


def _listed(label: str, items: Sequence[str], chinese: bool) -> str:
    distinct = [item for item in dict.fromkeys(items) if item]
    if not distinct:
        return ""
    return f"{label}：{'；'.join(distinct)}。" if chinese else f"{label}: {'; '.join(distinct)}."
