"""Questions about the library and about whole documents: which they are, and what they are answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from answering.library_questions import Librarian, mentions
from answering.question.read import read
from domain.answers import Answer
from domain.documents import Chunk, Document, Status
from domain.searches import Found, Hit, Query
from ingest.outline import outline_of
from retrievers.hydrated import Joined
from tests.catalogues import fresh_catalogue

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
PDF, PNG = "application/pdf", "image/png"

ORDINARY = [
    "How many reports were published in 2020?",
    "How many documents did the committee sign?",
    "Which documents are needed for a passport?",
    "What is the ozone layer about to do?",
    "How many pages of the treaty deal with fish?",
    "List the islands",
    "Which files must a carrier keep for ten years?",
    "哪些文件需要签字？",
    "灯塔有多少级台阶？",
    "守塔人写了什么？",
    "x" * 5_000,
    "",
]


@pytest.mark.parametrize("question", ORDINARY)
async def test_questions_to_the_documents_are_left_to_them(question: str) -> None:
    shelf = Shelf().put("tower.pdf")
    library, query = shelf.librarian(), shelf.query(question)
    if query.question.intent.sort == "summary":
        assert await library.meant(query) == ()
    else:
        assert query.question.intent.sort == "ordinary"


class ByWords:
    """Finds every chunk with a word of the query in it."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.chunks = chunks

    async def retrieve(self, query: Query, k: int) -> Found:
        about = query.question.about.text
        fitting = [one for one in self.chunks if any(word in one.text for word in [about, *about.split()])]
        return Found(tuple(Hit(one.id, 1.0 - n / 1000, {"words": n + 1}) for n, one in enumerate(fitting)))


class Shelf:
    def __init__(self) -> None:
        self.catalogue = fresh_catalogue(lambda: NOW)
        self.collection = self.catalogue.collections.find("default")
        self.chunks: list[Chunk] = []

    def put(self, name: str, text: str = "Words.", type: str = PDF, status: Status = "ready", **more: object) -> Shelf:
        id = f"d{len(self.chunks)}"
        days, metadata, pages = more.get("days", 0), more.get("metadata", {}), more.get("pages", 3)
        made = Document(
            id, self.collection.id, "default", name, type, len(text), id, "queued",
            NOW - timedelta(days=int(str(days))), metadata=metadata,  # type: ignore[arg-type]
        )  # fmt: skip
        self.catalogue.documents.record(made)
        self.catalogue.runs.update(id, 1, pages=pages)  # type: ignore[arg-type]
        chunk = Chunk(f"{id}.0", id, 0, "text", text, text, 2)
        self.chunks.append(chunk)
        outline = more.get("outline", outline_of(made, []))
        self.catalogue.chunks.replace(id, 1, [outline, chunk] if isinstance(outline, Chunk) else [chunk])
        if status == "ready":
            self.catalogue.runs.publish(id, 1, status)
        else:
            self.catalogue.runs.update(id, 1, status=status)
        return self

    def librarian(self) -> Librarian:
        return Librarian(
            self.catalogue.documents,
            self.catalogue.chunks,
            Joined(ByWords(self.chunks), self.catalogue.chunks),
            lambda: NOW,
        )

    def query(self, text: str) -> Query:
        return Query(read(text), collections=(self.collection,))

    async def told(self, question: str) -> Answer:
        library = self.librarian()
        answer = await library.told(self.query(question))
        assert answer is not None
        return answer

    async def meant(self, question: str) -> list[str]:
        library = self.librarian()
        found = await library.meant(self.query(question))
        return [document.name for document in found]


def library() -> Shelf:
    return (
        Shelf()
        .put("annual-report-2025.pdf", "The goat Biscuit carries letters.", pages=8, metadata={"year": 2025})
        .put("old notes.md", "A goat was seen.", "text/markdown", days=40, pages=None, metadata={"author": "Ada"})
        .put("harbour.png", "boats", PNG, days=3, pages=1)
        .put("灯塔守则.pdf", "守塔人养了一只黑猫。", days=1, pages=2)
        .put("broken.pdf", "nothing", status="failed")
    )


@pytest.mark.parametrize(
    ("question", "says", "cited"),
    [
        ("How many documents are there?", "There are 4 documents", 4),
        ("How many PDFs do I have?", "There are 2 PDFs", 2),
        ("How many documents failed?", "There is 1 failed document", 0),
        ("How many files were added this week?", "There are 3 documents added in the last week", 3),
        ("Which documents have author Ada?", "old notes.md", 1),
        ("Which document has the most pages?", "annual-report-2025.pdf (PDF, 8 pages)", 1),
        ("How many pages does the annual report have?", "8 pages", 1),
        ("How many pages are there in total?", "3 documents have 11 pages", 3),
        ("What is the oldest document?", "old notes.md", 1),
        ("List all documents", "harbour.png", 4),
        ("一共有多少个文件？", "有 4 个文件", 4),
        ("有几张图片？", "有 1 个图片", 1),
        ("有多少个文件处理失败？", "有 1 个处理失败的文件", 0),
        ("灯塔守则有多少页？", "2 页", 1),
    ],
)
async def test_the_catalogue_answers(question: str, says: str, cited: int) -> None:
    answer = await library().told(question)
    assert says in answer.answer
    assert len(answer.citations) == cited
    assert answer.verdict == "grounded"


async def test_every_marker_points_at_its_document_and_every_quote_stands_there() -> None:
    answer = await library().told("List all documents")
    for claim in answer.claims[1:]:
        [n] = claim.citations
        assert answer.evidence[n - 1].document.name in claim.text
    assert all(citation.quote in citation.evidence.chunk.text for citation in answer.citations)


async def test_who_mentions_something_is_told_by_document_with_the_sentence() -> None:
    answer = await library().told("Which documents mention the goat?")
    assert answer.answer.startswith("2 documents mention “the goat”.")
    assert {one.evidence.document.name for one in answer.citations} == {"annual-report-2025.pdf", "old notes.md"}
    assert "The goat Biscuit carries letters." in {one.quote for one in answer.citations}


async def test_all_words_must_be_mentioned() -> None:
    answer = await library().told("Which documents mention the goat Biscuit?")
    assert [one.evidence.document.name for one in answer.citations] == ["annual-report-2025.pdf"]


async def test_what_nobody_mentions_is_an_abstention() -> None:
    answer = await library().told("哪些文件提到了飞艇？")
    assert (answer.verdict, answer.answer) == ("abstained", "没有文件提到“飞艇”。")


async def test_a_long_list_says_how_many_more() -> None:
    shelf = Shelf()
    for n in range(25):
        shelf.put(f"{n}.pdf")
    answer = await shelf.told("List all documents")
    assert answer.answer.endswith("… and 5 more.")
    assert len(answer.citations) == 20


async def test_one_of_several_documents_with_pages_is_one() -> None:
    shelf = Shelf().put("a.pdf", pages=1).put("b.md", type="text/markdown", pages=None)
    answer = await shelf.told("How many pages are there in total?")
    assert answer.answer.startswith("1 document has 1 page in all.")


async def test_an_empty_library_is_told() -> None:
    assert (await Shelf().told("How many documents are there?")).answer.startswith("There are 0 documents")


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Summarise the annual report", ["annual-report-2025.pdf"]),
        ("What is old notes.md about?", ["old notes.md"]),
        ("总结一下灯塔守则", ["灯塔守则.pdf"]),
        ("灯塔守则讲了什么？", ["灯塔守则.pdf"]),
        ("Summarise the treaty of Tolle", []),
        ("What is it about?", ["old notes.md", "harbour.png", "灯塔守则.pdf", "annual-report-2025.pdf"]),
    ],
)
async def test_the_document_that_is_meant_is_found_by_its_name(question: str, names: list[str]) -> None:
    assert sorted(await library().meant(question)) == sorted(names)


async def test_a_document_without_an_outline_is_shown_by_how_it_begins() -> None:
    shelf = Shelf().put("goats.pdf", "The goat Biscuit carries letters.", outline=None)
    [found] = await shelf.librarian().outlines([shelf.catalogue.documents.find("d0")])
    assert found.chunk.text == "The goat Biscuit carries letters."


async def test_a_document_whose_outline_is_only_a_name_is_shown_by_how_it_begins_too() -> None:
    shelf = library()
    found = await shelf.librarian().outlines([shelf.catalogue.documents.find("d0")], fuller=True)
    assert [one.chunk.ordinal for one in found] == [-1, 0]


def test_words_and_characters_are_compared() -> None:
    assert mentions("goats", "A goat was seen.")
    assert mentions("黑 猫", "一只黑猫。")
    assert not mentions("goat wages", "A goat was seen.")
    assert not mentions("", "A goat was seen.")
