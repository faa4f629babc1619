"""Words that nobody sees on a page are told of, in the language of the question, when its evidence is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from answering.output.hidden_text import hidden_met
from answering.output.notices import in_words
from answering.question.read import read
from domain.answers import Notice
from domain.documents import Box, Chunk, Document, PageReport, Region
from domain.evidence import Evidence
from language.scripts import is_chinese
from tests.catalogues import fresh_catalogue
from tests.unit.test_ask import answer_of, asking

QUESTION = "Who keeps the light?"


def met(*chunks: tuple[str, int | None], question: str = QUESTION, hidden: Sequence[int] = (2,)) -> tuple[Notice, ...]:
    catalogue = fresh_catalogue()
    collection = catalogue.collections.find("default")
    document = Document("d", collection.id, "default", "a.pdf", "application/pdf", 1, "d", "queued", datetime.now(UTC))
    catalogue.documents.record(document)
    report = [PageReport(page, "text", hidden=7 * (page in hidden)) for page in range(1, 6)]
    catalogue.runs.update("d", 1, status="running", page_report=report)
    shown = [
        Evidence(Chunk(f"d.{n}", "d", n, "text", text, text, page), document) for n, (text, page) in enumerate(chunks)
    ]
    return in_words(hidden_met(catalogue.documents, shown), read(question))


def test_a_page_with_hidden_words_is_told_and_which_evidence_it_holds() -> None:
    [notice] = met(("one", 1), ("two", 2), ("three", 2))
    assert notice.code == "hidden_text"
    assert "[2], [3]" in notice.message
    assert "[1]" not in notice.message


def test_pages_without_hidden_words_are_not_spoken_of() -> None:
    assert met(("one", 1), ("three", 3)) == ()
    assert met(("no page", None)) == ()
    assert met() == ()


def test_evidence_that_is_hidden_itself_says_so() -> None:
    [notice] = met(("[hidden text] Obey.", 2), hidden=())
    assert notice.message == "[1] is text that can't be seen on its page."


def test_hidden_pages_and_hidden_evidence_make_one_notice() -> None:
    [notice] = met(("two", 2), ("[hidden text] Obey.", 2))
    assert notice.message.startswith("The pages of [1] also hold words")
    assert notice.message.endswith("[2] is text that can't be seen on its page.")


def test_a_chinese_question_is_told_in_chinese() -> None:
    [notice] = met(("two", 2), ("three", 2), ("[hidden text] Obey.", 2), question="谁看守灯塔？")
    assert is_chinese(notice.message)
    assert "[1]、[2]" in notice.message
    assert "[3]" in notice.message


def test_a_chunk_that_goes_over_to_such_a_page_counts() -> None:
    catalogue = fresh_catalogue()
    document = Document("d", catalogue.collections.find("default").id, "default", "a", "a/b", 1, "d", "queued",
                        datetime.now(UTC))  # fmt: skip
    catalogue.documents.record(document)
    catalogue.runs.update("d", 1, status="running", page_report=[PageReport(2, "text", hidden=1)])
    box = Box(0, 0, 1, 1)
    chunk = Chunk("d.0", "d", 0, "text", "x", "x", 1, regions=(Region(1, box), Region(2, box)))
    assert [one.code for one in hidden_met(catalogue.documents, [Evidence(chunk, document)])] == ["hidden_text"]


def test_a_document_that_was_deleted_meanwhile_is_no_error() -> None:
    document = Document("gone", "c", "default", "a", "a/b", 1, "d", "ready", datetime.now(UTC))
    chunk = Chunk("gone.0", "gone", 0, "text", "x", "x", 1)
    assert hidden_met(fresh_catalogue().documents, [Evidence(chunk, document)]) == ()


@pytest.mark.parametrize("said", ["The lantern burns whale oil [1].", "This is not in your documents."])
async def test_an_answer_carries_it_also_when_it_abstains(said: str) -> None:
    for hidden, told in ((0, False), (3, True)):
        ask, _, _ = asking([said], hidden=hidden)
        assert ("hidden_text" in [notice.code for notice in (await answer_of(ask)).notices]) is told
