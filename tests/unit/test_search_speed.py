"""The arithmetic of the search bench, and that its questions are distinct words."""

from __future__ import annotations

from dataclasses import replace

from lab.bench.search_speed import Corpus, Size, Times, many_clients, one_client, to_a_million, verdicts

TIMES = Times(10.0, 20.0, 100.0)
SMALL = Size(10_000, 1.0, TIMES, TIMES, TIMES, TIMES, TIMES, memory_mb=1024, disk_mb=100)


def test_a_million_is_computed_from_the_slope() -> None:
    large = replace(SMALL, chunks=100_000, one=Times(19.0, 38.0, 50.0), memory_mb=1024 + 90, disk_mb=1_000)
    told = to_a_million([large, SMALL])
    assert "p50 109 ms, p95 218 ms, 2.0 GB of memory, 9.8 GB on disk" in told


def test_the_verdict_compares_with_one_client_and_with_langchain() -> None:
    size = replace(SMALL, many=Times(50.0, 100.0, 300.0), langchain_many=Times(1.0, 2.0, 150.0))
    [line] = verdicts([size])
    assert "p95 20.0 ms (aim 60)" in line
    assert "5.0x one client's" in line
    assert "2.00x the searches/s" in line


def test_questions_are_distinct_and_texts_are_words() -> None:
    corpus = Corpus()
    assert len(set(corpus.questions(50))) == 50
    assert all(word.isalpha() for word in corpus.text(40).split())


async def test_every_client_asks_its_own_questions() -> None:
    asked: list[str] = []

    async def ask(question: str) -> None:
        asked.append(question)

    await many_clients(ask, [str(n) for n in range(12)], clients=4)
    await one_client(ask, ["a"])
    assert sorted(asked) == sorted([*map(str, range(12)), "a"])
