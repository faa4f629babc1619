"""Ingests a folder, asks its questions, and records the results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evaluation.client import Client, Json, RequestRefused
from evaluation.kept import TakenIn
from evaluation.metrics import distinct, first_hit, ndcg
from evaluation.questions import LabelledQuestion

Place = tuple[str, int | None]  # document id, page
Say = Callable[[str], None]

TOP_K = 50  # enough chunks for ten different pages
TAKE_IN_TIMEOUT_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class PageRanking:
    """The result of one search, compared with the pages that the question names."""

    question: LabelledQuestion
    places: tuple[Place, ...]  # distinct, best first
    rank: int | None  # of the first right place, from 1
    ndcg10: float
    ms: float
    evidence_rank: int | None = None  # of the first piece of evidence that stands on a right page, from 1
    parallel_rank: int | None = None  # of the same text in the other language, its own language's left out


class Searcher(Protocol):
    """What is measured: the service's client, or plain BM25 beside it."""

    def search(self, query: str, top_k: int, document_ids: Iterable[str] = ()) -> list[Json]: ...


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    question: LabelledQuestion
    answer: str
    verdict: str
    confidence: float
    cites_right_place: bool
    contains_answer: bool
    ms: float


# ---------------------------------------------------------------- taking in


def take_in(client: Client, documents: Sequence[Path], say: Say) -> TakenIn:
    started = time.monotonic()
    client.create_collection()
    ids, status, problems, known = {}, {}, [], 0
    for path in documents:
        try:
            document = client.upload(path)
            ids[path.name], known = document["id"], known + bool(document.get("duplicate"))
        except RequestRefused as refusal:
            status[path.name] = "refused"
            problems.append(f"{path.name}: {refusal}")
            say(f"refused {path.name}: {refusal}")
    found_at = [started]
    done = client.wait(
        ids.values(),
        TAKE_IN_TIMEOUT_S,
        lambda document: say(f"{document['status']} {document['name']}"),
        lambda document: found_at.append(time.monotonic()),
    )
    seconds = time.monotonic() - started
    for name, document_id in ids.items():
        status[name] = done[document_id]["status"]
        problems += [problem_line(name, problem) for problem in done[document_id]["problems"]]
    return TakenIn(
        ids,
        status,
        pages_of(done.values()),
        chunks_of(done.values()),
        round(seconds, 1),
        problems,
        round(found_at[-1] - started, 1),
        known,
    )


def problem_line(name: str, problem: Json) -> str:
    page = f", page {problem['page']}" if problem.get("page") else ""
    return f"{name}{page}: {problem['message']}"


def pages_of(documents: Iterable[Json]) -> int:
    return sum(document["pages"] or 0 for document in documents)


def chunks_of(documents: Iterable[Json]) -> dict[str, int]:
    total: dict[str, int] = {}
    for document in documents:
        for kind, count in document["chunks"].items():
            total[kind] = total.get(kind, 0) + count
    return total


# ---------------------------------------------------------------- asking


def rank_all(
    searcher: Searcher, questions: Sequence[LabelledQuestion], ids: dict[str, str], known_document: bool = False
) -> tuple[PageRanking, ...]:
    """Searches for every question, one after the other; `known_document` narrows each to its own document."""
    searcher.search("a first search, so that nothing measured is a cold start", TOP_K)
    return tuple(rank_one(searcher, question, ids, known_document) for question in questions)


def rank_one(searcher: Searcher, question: LabelledQuestion, ids: dict[str, str], known_document: bool) -> PageRanking:
    document_id = ids.get(question.document, "")
    started = time.perf_counter()
    evidence = searcher.search(question.text, TOP_K, [document_id] if known_document and document_id else ())
    ms = (time.perf_counter() - started) * 1000
    places, right = ranked_places(evidence, question, document_id), right_places(question, document_id)
    return PageRanking(
        question,
        places,
        first_hit(places, right),
        ndcg(places, right),
        round(ms, 2),
        first_right_evidence(evidence, question, document_id),
        parallel_rank(evidence, question, ids),
    )


def first_right_evidence(evidence: Sequence[Json], question: LabelledQuestion, document_id: str) -> int | None:
    right = right_places(question, document_id)
    each = ((rank, ranked_places([one], question, document_id)) for rank, one in enumerate(evidence, start=1))
    return next((rank for rank, places in each if right.intersection(places)), None)


def parallel_rank(evidence: Iterable[Json], question: LabelledQuestion, ids: dict[str, str]) -> int | None:
    """The rank of the parallel text among all documents but the question's own, which is in its language and would come
    first."""
    if question.parallel is None:
        return None
    own = ids.get(question.document)
    others = distinct(one["document_id"] for one in evidence if one["document_id"] != own)
    return first_hit(others, {ids.get(question.parallel, "")})


def ranked_places(evidence: Iterable[Json], question: LabelledQuestion, document_id: str) -> tuple[Place, ...]:
    """Distinct (document, page) in the order found; a chunk that runs over several pages counts for each.

    Where the question names no page, its whole document is one place.
    """
    paged = bool(question.pages)
    return distinct(
        (one["document_id"], page if paged or one["document_id"] != document_id else None)
        for one in evidence
        for page in pages_touched(one)
    )


def pages_touched(evidence: Json) -> tuple[int | None, ...]:
    return distinct([evidence["page"], *(region["page"] for region in evidence["regions"])])


def right_places(question: LabelledQuestion, document_id: str) -> frozenset[Place]:
    if question.pages:
        return frozenset((document_id, page) for page in question.pages)
    return frozenset({(document_id, None)})


def answer_all(
    client: Client, questions: Sequence[LabelledQuestion], ids: dict[str, str]
) -> tuple[AnsweredQuestion, ...]:
    return tuple(answer_one(client, question, ids.get(question.document, "")) for question in questions)


def answer_one(client: Client, question: LabelledQuestion, document_id: str) -> AnsweredQuestion:
    started = time.perf_counter()
    reply = client.chat(question.text)
    ms = (time.perf_counter() - started) * 1000
    cited = ranked_places((citation["evidence"] for citation in reply["citations"]), question, document_id)
    return AnsweredQuestion(
        question=question,
        answer=reply["answer"],
        verdict=reply["verdict"],
        confidence=reply["confidence"],
        cites_right_place=first_hit(cited, right_places(question, document_id)) is not None,
        contains_answer=contains(reply["answer"], question.answer),
        ms=round(ms, 2),
    )


def contains(answer: str, wanted: str | None) -> bool:
    """Whether the wanted words stand in the answer, case, spaces and punctuation aside: a crude lower bound."""
    return bool(wanted) and bare(str(wanted)) in bare(answer)


def bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
