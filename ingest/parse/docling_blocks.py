"""The blocks of a document that docling has converted (Word, PowerPoint, HTML); no other file knows docling's types."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from PIL import Image

from domain.documents import Box
from domain.errors import Unreadable
from domain.parsed import Block
from ingest.parse.captions import with_captions
from ingest.parse.outline import Outline
from ingest.parse.tables import table_block
from language.scripts import CJK_LETTERS

# docling's documents are typed so loosely (labels, layers, provenance) that `Any` says as much.
DoclingDocument = Any

LONGEST_SIDE = 1600
LEAST_SIDE = 32  # pixels; smaller ones are bullets and rules
MAX_PNG = 400_000  # bytes; what is larger is a photograph, and goes as JPEG
SPEAKER = "Speaker notes: "
REPEATS = 3  # the same picture more often is decoration
NO_SPACE_BEFORE = re.compile(r"[,.;:!?)\]}’”%，。；：！？）】」、]")
NO_SPACE_AFTER = re.compile(r"[(\[{‘“（【「，。；：！？、]$")
CJK = re.compile(f"[{CJK_LETTERS}]")
NOT_READ = {"furniture", "background"}


def convert(name: str, data: io.BytesIO) -> DoclingDocument:
    """docling's reading of a file whose extension tells its format. Nothing is fetched, no other program is run."""
    from docling.datamodel.backend_options import HTMLBackendOptions
    from docling.datamodel.base_models import DocumentStream, InputFormat
    from docling.document_converter import DocumentConverter, HTMLFormatOption
    from docling.exceptions import BaseError

    html = HTMLFormatOption(
        backend_options=HTMLBackendOptions.model_validate({"infer_furniture": False, "add_title": False})
    )
    formats = [InputFormat.DOCX, InputFormat.PPTX, InputFormat.HTML]
    converter = DocumentConverter(allowed_formats=formats, format_options={InputFormat.HTML: html})
    try:
        return converter.convert(DocumentStream(name=name, stream=data)).document
    except (BaseError, RuntimeError) as error:
        cause = error.__cause__ or error
        raise Unreadable(f"its content is damaged ({type(cause).__name__})") from error


@dataclass(frozen=True, slots=True)
class Content:
    blocks: tuple[Block, ...]
    lost_pictures: Mapping[int | None, int]  # by page: pictures of which only the caption is known


def content_of(document: DoclingDocument) -> Content:
    reader = _Reader(document)
    blocks = tuple(with_captions(list(reader.blocks())))
    return Content(blocks, reader.lost_pictures)


class _Reader:
    def __init__(self, document: DoclingDocument) -> None:
        self.document = document
        self.outline = Outline()
        self.points: list[tuple[int, Any]] = []  # of the list that is being read, each with its depth
        self.pictures: Counter[bytes] = Counter()
        self.captions = {ref.cref for item in [*document.tables, *document.pictures] for ref in item.captions}
        self.paragraphs = _paragraphs(document)
        self.lost_pictures: Counter[int | None] = Counter()  # by page
        self.titled = any(item.label == "title" for item in document.texts)

    def blocks(self) -> Iterator[Block]:
        from docling_core.types.doc import ContentLayer  # type: ignore[attr-defined]  # it is there

        layers = {layer for layer in ContentLayer if layer.value not in NOT_READ}
        for item, depth in self.document.iterate_items(included_content_layers=layers, with_groups=True):
            if hasattr(item, "text") and self._in_table(item):
                continue  # its words stand in the cell
            if item.label == "list_item":
                if self.points and not _same_shape(self.points[-1][1], item):
                    yield from self._list()
                self.points.append((depth, item))
            elif item.self_ref not in self.captions:
                yield from self._block(item)
        yield from self._list()

    def _block(self, item: Any) -> Iterator[Block]:
        if item.label in ("picture", "chart"):
            yield from self._picture(item)
        elif item.label in ("table", "document_index"):
            yield from self._list()
            yield from self._table(item)
        elif text := self._text(item):
            yield from self._list()
            if item.label in ("title", "section_header"):
                level = 1 if item.label == "title" else item.level + self.titled
                yield self._placed(self.outline.heading(level, text), item)
            else:
                yield self._placed(Block("text", f"{SPEAKER}{text}" if _layer(item) == "notes" else text), item)

    def _in_table(self, item: Any) -> bool:
        while item.parent is not None:
            item = item.parent.resolve(self.document)
            if item.label == "table":
                return True
        return False

    def _text(self, item: Any) -> str:
        """A paragraph's words, with its runs put together; nothing for the runs themselves."""
        own = str(getattr(item, "text", "") or "").strip()
        return self.paragraphs.get(item.self_ref, own)

    def _list(self) -> Iterator[Block]:
        points, self.points = self.points, []
        if points:
            top = min(depth for depth, _ in points)
            lines = [
                f"{'  ' * ((depth - top) // 2)}{_mark(item)} {text}"
                for depth, item in points
                if (text := self._text(item))
            ]
            if lines:
                yield self._placed(Block("list", "\n".join(lines)), points[0][1])

    def _table(self, item: Any) -> Iterator[Block]:
        rows = [[cell.text.strip() for cell in row] for row in item.data.grid]
        rows = [row for row in rows if any(row)]
        if rows:
            yield self._placed(table_block(rows, caption=item.caption_text(self.document)), item)

    def _picture(self, item: Any) -> Iterator[Block]:
        caption = item.caption_text(self.document)
        data = _chart_data(item)
        if data:
            yield self._placed(table_block(data, caption=caption), item)
        pixels = encoded_picture(item.get_image(self.document))
        if pixels:
            self.pictures[pixels] += 1
        if pixels and self.pictures[pixels] <= REPEATS:
            yield self._placed(Block("figure", caption=caption, pixels=pixels), item)
        elif not data and item.image is None:
            self.lost_pictures[item.prov[0].page_no if item.prov else None] += 1
            if caption:
                yield self._placed(Block("figure", caption=caption), item)

    def _placed(self, block: Block, item: Any) -> Block:
        """The block with its slide and box where the document has slides, else with its headings."""
        if _layer(item) == "invisible":
            block = replace(block, standing="hidden")
        if not getattr(item, "prov", None):
            return replace(block, place=self.outline.place)
        place = item.prov[0]
        page = self.document.pages[place.page_no]
        return replace(block, place=None, page=place.page_no, box=_box(place.bbox, page.size))


def _paragraphs(document: DoclingDocument) -> dict[str, str]:
    """The paragraphs that docling has taken apart where the style of letters changes: the whole text by the
    reference of the group, or of the heading or list point that it belongs to; nothing for the parts."""
    whole: dict[str, str] = {}
    for group in document.groups:
        if group.label == "inline":
            parts = [child for ref in group.children if hasattr(child := ref.resolve(document), "text")]
            parent = group.parent.resolve(document) if group.parent else None
            owner = parent if parent is not None and getattr(parent, "text", None) == "" else group
            whole[owner.self_ref] = reduce(_run_on, [" ".join(part.text.split()) for part in parts], "")
            whole |= {part.self_ref: "" for part in parts}
    return whole


def _run_on(text: str, run: str) -> str:
    """The next run of a paragraph. docling has dropped the spaces, so they are guessed."""
    tight = not text or not run or NO_SPACE_BEFORE.match(run) or NO_SPACE_AFTER.search(text)
    return f"{text}{run}" if tight or (CJK.match(run) and CJK.match(text[-1])) else f"{text} {run}"


def _layer(item: Any) -> str:
    """`notes` of the speaker, `invisible` on a hidden slide or in a hidden shape, `body` and others."""
    return str(getattr(getattr(item, "content_layer", None), "value", ""))


def _mark(item: Any) -> str:
    mark = str(item.marker or "-").strip()
    return mark if item.enumerated and mark not in ("", "-") else "-"


def _same_shape(one: Any, other: Any) -> bool:
    """Points of one list: in a deck, those of one text frame."""
    if not one.prov or not other.prov:
        return not one.prov and not other.prov
    return bool(one.prov[0].page_no == other.prov[0].page_no and one.prov[0].bbox == other.prov[0].bbox)


def _box(bbox: Any, size: Any) -> Box | None:
    """Fractions of the page, from docling's units (EMU on slides), whichever corner it counts from."""
    if not size.width or not size.height:
        return None
    top = bbox.to_top_left_origin(page_height=size.height)
    x0, x1 = sorted((_fraction(top.l, size.width), _fraction(top.r, size.width)))
    y0, y1 = sorted((_fraction(top.t, size.height), _fraction(top.b, size.height)))
    return Box(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _fraction(value: float, whole: float) -> float:
    return round(min(1.0, max(0.0, value / whole)), 5)


def _chart_data(item: Any) -> list[list[str]]:
    """The numbers behind a chart that Office drew."""
    chart = getattr(item.meta, "tabular_chart", None) if item.meta is not None else None
    if chart is None:
        return []
    rows = [[cell.text.strip() for cell in row] for row in chart.chart_data.grid]
    if rows and chart.title and not rows[0][0]:
        rows[0][0] = chart.title
    return rows


def encoded_picture(image: Image.Image | None) -> bytes | None:
    """As PNG, or JPEG where a PNG would be large; None for a picture too small to show anything."""
    if image is None or min(image.size) < LEAST_SIDE:
        return None
    image = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    png = _encoded(image, "PNG")
    return png if len(png) <= MAX_PNG else _encoded(image, "JPEG")


def _encoded(image: Image.Image, format: str) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **({"quality": 88} if format == "JPEG" else {}))
    return out.getvalue()
