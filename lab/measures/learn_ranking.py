"""`python -m lab.measures.learn_ranking FOLDER …`: learns the ranking's weights from questions with labelled pages.

Listwise: of each question's candidates, the weights should give the right ones the largest share (softmax, Cao et al.
2007), with a small penalty on their size. What is printed is out of fold: each document's questions are ranked by
weights that were learned without that document. What is written was learned on all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from answering.question.read import read
from app.adapters.blobs import LocalBlobs
from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.encoders import text as sentence
from app.adapters.encoders.image import load_image_encoder
from app.adapters.lexical.tantivy import TantivyWords
from app.adapters.vectors.chroma import ChromaVectors
from app.adapters.vectors.kept import KeptInBlobs
from app.compose.encoders import one_by_one
from app.settings import load_settings
from domain.ports import Catalogue, Retriever
from domain.searches import Query
from evaluation.client import Json, connected
from evaluation.kept import TakenIn, kept_index
from evaluation.measure import first_right_evidence, ranked_places, right_places, take_in
from evaluation.metrics import first_hit, is_hit
from evaluation.options import default_cache
from evaluation.questions import LabelledQuestion, QuestionFolder, load_folder
from evaluation.service import running_service
from evaluation.tables import table
from retrievers.fused import Fused
from retrievers.learned import FEATURES, features_of
from retrievers.reranked import POOL, Candidate, end_of_pool, is_judged, spread_over_pages
from retrievers.vector import VectorRetriever, seeing_images, seeing_text
from retrievers.words import WordsRetriever

COLLECTION = "eval"
PENALTY = 0.03
SPREADS = (0.0, 0.1, 0.2, 0.4, 0.8)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question's candidates, as the ranking sees them."""

    question: LabelledQuestion
    known_document: bool
    document_id: str
    candidates: tuple[Candidate, ...]  # in the order in which they were found
    rows: Floats  # (candidates, features)
    right: NDArray[np.bool_]  # (candidates,)


def main() -> int:
    options = parsed_options()
    examples = [each for folder in options.folder for each in examples_of(load_folder(folder), options.cache)]
    print(f"{len(examples)} lists of candidates; {sum(one.right.any() for one in examples)} hold a right one")
    torch.set_num_threads(1)  # the lists are small: threads would wait for each other
    report(examples, options.ablate)
    weights = learned(examples)
    stated = {
        "learned": f"{datetime.now(UTC):%Y-%m-%d}, {len(examples)} lists, lab/measures/learn_ranking.py",
        "weights": {name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)},
        "spread": options.spread,
    }
    print(json.dumps(stated, indent=1))
    if options.out:
        options.out.write_text(json.dumps(stated, indent=1) + "\n", encoding="utf-8")
    return 0


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.measures.learn_ranking", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="+", type=Path, help="folder with documents and questions.jsonl")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder of kept indexes")
    parser.add_argument("--out", type=Path, help="write the weights here: retrievers/ranking.json")
    parser.add_argument("--ablate", action="store_true", help="also tell what each feature gives (minutes)")
    parser.add_argument("--spread", type=float, default=0.4, help="what a better chunk of the same page takes away")
    return parser.parse_args()


# ---------------------------------------------------------------- candidates, from a kept index


def examples_of(folder: QuestionFolder, cache: Path) -> list[Example]:
    kept = kept_index(cache, folder.documents)
    taken = kept.taken_in()
    if taken is None:
        kept.clear()
        with running_service(kept.data) as service, connected(service.url, COLLECTION) as client:
            taken = take_in(client, folder.documents, print)
            kept.finish(taken)
    with opened(kept.data) as (retriever, catalogue):
        return asyncio.run(all_examples(retriever, catalogue, folder, taken))


@contextmanager
def opened(data: Path) -> Iterator[tuple[Retriever, Catalogue]]:
    """The service's own way of finding, up to where candidates are ranked again."""
    cache = load_settings().cache_dir
    text, image = sentence.load_text_encoder("bundled", cache), load_image_encoder("bundled", cache)
    kept = KeptInBlobs(LocalBlobs(data / "blobs"))
    with (
        closing(SqlCatalogue(f"sqlite:///{data.absolute() / 'catalogue.db'}")) as catalogue,
        closing(ChromaVectors(data / "chroma")) as vectors,
        closing(TantivyWords(data / "words")) as words,
    ):
        by_text = seeing_text(text, lambda query: asyncio.to_thread(text.encode_query, query))
        by_image = seeing_images(image, one_by_one(image.encode_texts), no_pictures)
        ways: dict[str, Retriever] = {
            "words": WordsRetriever(words),
            "text": VectorRetriever("text", text.name, by_text, vectors, kept),
            "image": VectorRetriever("image", image.name, by_image, vectors, kept),
        }
        yield Fused(ways), catalogue  # type: ignore[arg-type]


async def no_pictures(image: bytes) -> bytes:
    raise AssertionError("questions of a folder are words")


async def all_examples(
    retriever: Retriever, catalogue: Catalogue, folder: QuestionFolder, taken: TakenIn
) -> list[Example]:
    collection = catalogue.collections.find(COLLECTION)
    found: list[Example] = []
    for question in folder.answerable:
        document_id = taken.ids.get(question.document, "")
        for known in (False, True):
            documents = frozenset({document_id}) if known else None
            query = Query(read(question.text), collections=(collection,), documents=documents)
            candidates = await candidates_of(retriever, catalogue, query)
            right = [first_right_evidence([as_json(one)], question, document_id) is not None for one in candidates]
            rows = np.array(features_of(query.question, candidates), dtype=np.float64).reshape(-1, len(FEATURES))
            found.append(Example(question, known, document_id, candidates, rows, np.array(right, dtype=bool)))
    return found


async def candidates_of(retriever: Retriever, catalogue: Catalogue, query: Query) -> tuple[Candidate, ...]:
    """What would be looked at again."""
    hits = (await retriever.retrieve(query, 2 * POOL)).hits
    judged = [hit for hit in hits[: end_of_pool(hits, POOL)] if is_judged(hit)]
    known = catalogue.chunks.standing([hit.chunk_id for hit in judged], [query.collections[0].id])
    chunks = {chunk.id: chunk for chunk in known}
    candidates = (Candidate(hit, chunks[hit.chunk_id]) for hit in judged if hit.chunk_id in chunks)
    return tuple(candidates)


def as_json(one: Candidate) -> Json:
    chunk = one.chunk
    regions = [{"page": region.page} for region in chunk.regions]
    return {"id": chunk.id, "document_id": chunk.document_id, "page": chunk.page, "regions": regions}


# ---------------------------------------------------------------- learning


def learned(examples: Sequence[Example], columns: Sequence[int] | None = None) -> Floats:
    """The weights of the features as they come, without a scale of their own."""
    used = [one for one in examples if one.right.any()]
    chosen = list(columns if columns is not None else range(len(FEATURES)))
    rows = np.concatenate([one.rows for one in used])[:, chosen]
    scale = rows.std(axis=0) + 1e-9
    longest = max(len(one.rows) for one in used)
    x = np.zeros((len(used), longest, len(chosen)))
    mask, right = np.full((len(used), longest), -1e9), np.full((len(used), longest), -1e9)
    for at, one in enumerate(used):
        x[at, : len(one.rows)] = one.rows[:, chosen] / scale
        mask[at, : len(one.rows)] = 0
        right[at, : len(one.rows)][one.right] = 0
    weights = fitted(torch.from_numpy(x), torch.from_numpy(mask), torch.from_numpy(right)) / scale
    whole = np.zeros(len(FEATURES))
    whole[chosen] = weights
    return whole


def fitted(x: torch.Tensor, mask: torch.Tensor, right: torch.Tensor) -> Floats:
    """x: (questions, candidates, features); mask and right: 0 where there is one, very negative elsewhere."""
    weights = torch.zeros(x.shape[-1], dtype=x.dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=40)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        shares = torch.log_softmax(x @ weights + mask, dim=1)
        value = -torch.logsumexp(shares + right, dim=1).mean() + PENALTY * (weights**2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    fit: Floats = weights.detach().numpy()
    return fit


def out_of_fold(examples: Sequence[Example], columns: Sequence[int] | None = None) -> list[Floats]:
    """Each example's scores by weights that were learned without its document."""
    documents = sorted({one.question.document for one in examples})
    weights = {each: learned([one for one in examples if one.question.document != each], columns) for each in documents}
    return [one.rows @ weights[one.question.document] for one in examples]


# ---------------------------------------------------------------- what it gives


def report(examples: Sequence[Example], ablate: bool) -> None:
    heads = ("", "pooled hit@1", "hit@5", "hit@10", "evidence@5", "known hit@1", "hit@5", "hit@10")
    rows: list[tuple[str, ...]] = [heads]
    rows.append(("as fused", *figures(examples, [-np.arange(len(one.rows), dtype=float) for one in examples], 0.0)))
    scores = out_of_fold(examples)
    rows += [(f"learned, spread {spread:g}", *figures(examples, scores, spread)) for spread in SPREADS]
    for at, name in enumerate(FEATURES if ablate else ()):
        without = out_of_fold(examples, [column for column in range(len(FEATURES)) if column != at])
        rows.append((f"… without {name}", *figures(examples, without, 0.0)))
    print(table(rows))


def figures(examples: Sequence[Example], scores: Sequence[Floats], spread: float) -> tuple[str, ...]:
    ranks = [ranks_of(one, each, spread) for one, each in zip(examples, scores, strict=True)]
    pooled = [rank for one, rank in zip(examples, ranks, strict=True) if not one.known_document]
    known = [rank for one, rank in zip(examples, ranks, strict=True) if one.known_document]
    return (*hits(pooled), share([is_hit(piece, 5) for _, piece in pooled]), *hits(known))


def hits(ranks: Sequence[tuple[int | None, int | None]]) -> list[str]:
    return [share([is_hit(page, k) for page, _ in ranks]) for k in (1, 5, 10)]


def share(outcomes: Sequence[bool]) -> str:
    return f"{np.mean(outcomes):.3f}" if outcomes else "-"


def ranks_of(one: Example, scores: Floats, spread: float) -> tuple[int | None, int | None]:
    """Of the first right page, and of the first right piece."""
    order = spread_over_pages(one.candidates, scores.tolist(), spread)
    by_id = {candidate.hit.chunk_id: candidate for candidate in one.candidates}
    found = [as_json(by_id[hit.chunk_id]) for hit in order]
    places = ranked_places(found, one.question, one.document_id)
    right = right_places(one.question, one.document_id)
    return first_hit(places, right), first_right_evidence(found, one.question, one.document_id)


if __name__ == "__main__":
    sys.exit(main())
