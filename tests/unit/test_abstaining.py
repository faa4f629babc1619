"""An abstention says no more than is known: absent is only what was looked up in all that was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from answering.about.lookup import Lookup
from answering.output.abstaining import Abstaining, Abstention
from answering.output.held import Held
from answering.question.read import read
from app.adapters.memory.indexes import MemoryWords
from domain.documents import Chunk, Document
from domain.errors import Unavailable
from domain.evidence import Evidence
from domain.ports import words_row
from domain.searches import Query
from tests.catalogues import fresh_catalogue

PORTO = "The monthly rent of the office in Porto is 2,950 euros."
LISBON = "The office in Lisbon was closed in 2024, and its code was LX-7."


@dataclass(frozen=True, slots=True)
class House:
    abstaining: Abstaining
    evidence: tuple[Evidence, ...]
    query: Query

    def says(self, question: str, shown: int = 1) -> Abstention:
        return self.abstaining.of(read(question), self.evidence[:shown], self.query)


@pytest.fixture(scope="module")
def house() -> House:
    catalogue, words = fresh_catalogue(), MemoryWords()
    collection = catalogue.collections.find("default")
    catalogue.documents.record(
        Document("d", collection.id, "default", "offices.md", "text/plain", 9, "ab", "queued", datetime.now(UTC))
    )
    chunks = [Chunk(f"d.{n}", "d", n, "text", text, text) for n, text in enumerate((PORTO, LISBON))]
    catalogue.runs.update("d", 1, status="running")
    catalogue.chunks.replace("d", 1, chunks)
    catalogue.runs.publish("d", 1, "ready")
    words.add(collection.id, [words_row(one) for one in chunks])
    evidence = catalogue.chunks.evidence([one.id for one in chunks], [collection.id])
    return House(
        Abstaining(Lookup(words, catalogue.chunks), hint=True),
        tuple(sorted(evidence, key=lambda one: one.chunk.ordinal)),
        Query(collections=(collection,)),
    )


def test_what_nothing_mentions_is_absent_and_named(house: House) -> None:
    said = house.says("What is the rent of the Madrid office?")
    assert said.because == "absent"
    assert "“Madrid”" in said.text
    assert "offices.md" in said.text


class Gone(MemoryWords):
    def search(self, *asked: object) -> NoReturn:
        raise Unavailable("The words index can't be used now.", "the words index")


def test_nothing_is_absent_while_the_words_index_is_gone(house: House) -> None:
    blind = replace(house, abstaining=Abstaining(Lookup(Gone(), fresh_catalogue().chunks)))
    assert blind.says("What is the rent of the Madrid office?").because == "unsure"


@pytest.mark.parametrize("question", ["What is the rent of the Lisbon office?", "What does LX7 mean?"])
def test_what_only_the_evidence_lacks_is_not_called_absent(house: House, question: str) -> None:
    said = house.says(question)
    assert (said.because, "do not mention" in said.text) == ("unsure", True)


@pytest.mark.parametrize(
    "question",
    ["How long is the dishwasher's guarantee?", "What is 500 MHz in Porto?", "What does page 12 say about Porto?"],
)
def test_things_quantities_and_places_on_pages_are_never_called_absent(house: House, question: str) -> None:
    assert house.says(question).because == "unsure"


def test_what_is_about_it_but_states_nothing_is_unsure_with_a_hint(house: House) -> None:
    said = house.says("Who painted the office in Porto?")
    assert said.because == "unsure"
    assert "none of them clearly states" in said.text
    assert "language model" in said.text


def test_an_abstention_is_in_the_language_of_the_question(house: House) -> None:
    assert "没有任何地方提到“ZX9”" in house.says("ZX9型号的价格是多少？").text


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["This is not", " in your documents."], ["", "", "This is not in your documents."]),
        (["This is ", "a lantern."], ["", "This is a lantern.", ""]),
        (["The lantern", " burns."], ["The lantern", " burns.", ""]),
    ],
)
def test_only_what_may_become_an_abstention_is_held_back(pieces: Sequence[str], shown: Sequence[str]) -> None:
    held = Held()
    assert [*(held.feed(piece) for piece in pieces), held.end()] == shown
