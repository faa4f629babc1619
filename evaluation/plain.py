"""Plain BM25 over the texts that Exhibit indexed: the baseline beside every figure.

Okapi BM25 over chunks with stems and without stop words; a page counts as its best chunk. No vectors, no pictures, no
reranking. The texts are read from the catalogue of a scratch service, so a service elsewhere has no baseline.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.compose.stores import catalogue_of
from domain.documents import Chunk
from evaluation.client import Json
from language.analyser import query_terms, tokens

K1, B = 1.2, 0.75  # Robertson & Zaragoza 2009


@dataclass(frozen=True, slots=True)
class Posting:
    chunk: int
    weight: float  # with idf and length applied


class PlainBM25:
    """Searches as the client does, so that it is measured by the same code."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks
        self._postings = postings([tokens(chunk.search_text) for chunk in chunks])

    def search(self, query: str, top_k: int, document_ids: Iterable[str] = ()) -> list[Json]:
        wanted = frozenset(document_ids)
        scores: defaultdict[int, float] = defaultdict(float)
        for term in query_terms(query):
            for posting in self._postings.get(term, ()):
                scores[posting.chunk] += posting.weight
        among = (at for at in scores if not wanted or self._chunks[at].document_id in wanted)
        best = sorted(among, key=lambda at: (-scores[at], self._chunks[at].id))[:top_k]
        return [as_evidence(self._chunks[at]) for at in best]


def postings(texts: Sequence[Sequence[str]]) -> dict[str, list[Posting]]:
    mean = sum(map(len, texts)) / len(texts) if texts else 1.0
    counted = [Counter(text) for text in texts]
    often = Counter(term for counts in counted for term in counts)
    found: defaultdict[str, list[Posting]] = defaultdict(list)
    for at, counts in enumerate(counted):
        length = K1 * (1 - B + B * len(texts[at]) / mean)
        for term, count in counts.items():
            idf = math.log(1 + (len(texts) - often[term] + 0.5) / (often[term] + 0.5))
            found[term].append(Posting(at, idf * count * (K1 + 1) / (count + length)))
    return found


def as_evidence(chunk: Chunk) -> Json:
    regions = [{"page": region.page} for region in chunk.regions]
    return {"id": chunk.id, "document_id": chunk.document_id, "page": chunk.page, "regions": regions}


def chunks_in(data: Path, collection: str) -> tuple[Chunk, ...]:
    """Every chunk of a scratch service's collection, by the document's id and the order of reading."""
    with catalogue_of(data) as catalogue:
        documents = catalogue.documents.findable([catalogue.collections.find(collection).id])
        return tuple(chunk for document in documents for chunk in catalogue.chunks.of_document(document.id))
