"""The outline of a document: what it says, how long it gets, and that it stays out of the reading order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from domain.documents import Chunk, Document
from domain.parsed import Block, ParsedPage
from ingest.outline import HEADINGS, ORDINAL, is_outline, outline_of
from tests.catalogues import fresh_catalogue

DOCUMENT = Document(
    "d", "c", "default", "tower.pdf", "application/pdf", 1, "ab", "running", datetime.now(UTC), title="The tower"
)
PAGE = ParsedPage(
    1,
    (
        Block("heading", "The lantern", level=1),
        Block(
            "text",
            "The lantern burns whale oil since 1874. It was converted twice since then. Nobody knows why it was.",
        ),
        Block("table", caption="Table 1: oil by year", cells=(("year", "oil"), ("1874", "9"))),
        Block("heading", "The stairs", level=1),
        Block("text", "There are one hundred and ninety-eight steps of white oak."),
        Block("figure", caption="Figure 1: the tower from the sea", image="crop"),
    ),
)


def test_an_outline_has_title_lead_sentences_headings_and_captions() -> None:
    assert outline_of(DOCUMENT, [PAGE]).text.splitlines() == [
        "tower.pdf: The tower.",
        "The lantern burns whale oil since 1874.",
        "It was converted twice since then.",
        "There are one hundred and ninety-eight steps of white oak.",
        "Sections: The lantern; The stairs.",
        "Tables: Table 1: oil by year.",
        "Figures: Figure 1: the tower from the sea.",
    ]


def test_a_chinese_document_has_a_chinese_outline() -> None:
    page = ParsedPage(
        1, (Block("heading", "一、来历"), Block("text", "托勒灯塔建成于一八七四年，石料全部由渔民用小船运来。"))
    )
    text = outline_of(replace(DOCUMENT, name="灯塔守则.pdf", title="托勒灯塔守则"), [page]).text
    assert text.splitlines() == [
        "灯塔守则.pdf: 托勒灯塔守则。",
        "托勒灯塔建成于一八七四年，石料全部由渔民用小船运来。",
        "章节：一、来历。",
    ]


def test_a_long_document_has_a_short_outline() -> None:
    blocks = [
        block for n in range(500) for block in (Block("heading", f"Part {n}"), Block("text", f"Sentence {n} " * 60))
    ]
    outline = outline_of(DOCUMENT, [ParsedPage(1, tuple(blocks))])
    assert len(outline.text) < 6_000
    assert f"Part {HEADINGS - 1}" in outline.text
    assert f"Part {HEADINGS}" not in outline.text


def test_a_document_of_a_picture_alone_has_an_outline() -> None:
    page = ParsedPage(1, (Block("image", image="crop"),))
    assert outline_of(replace(DOCUMENT, title=None), [page]).text == "tower.pdf."


def test_an_outline_is_found_by_its_id_only_and_not_counted() -> None:
    catalogue = fresh_catalogue()
    document = replace(DOCUMENT, collection_id=catalogue.collections.find("default").id, status="queued")
    catalogue.documents.record(document)
    outline, chunk = outline_of(document, [PAGE]), Chunk("d.0", "d", 0, "text", "oil", "oil", 1)
    catalogue.chunks.replace("d", 1, [outline, chunk])
    catalogue.runs.publish("d", 1, "ready")
    assert (outline.ordinal, is_outline(outline.id)) == (ORDINAL, True)
    assert catalogue.chunks.of_document("d") == (chunk,)
    assert catalogue.documents.find("d").chunks == {"text": 1}
    assert catalogue.chunks.find(outline.id).chunk == outline
