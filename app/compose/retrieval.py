"""Wires retrieval: words, text and image spaces, fused and reranked. Another reranker is one file and one row here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from answering.extractive.reader import ExtractiveReader
from app.adapters.encoders import cross_encoder
from app.compose.choice import Option, always, chosen
from app.compose.encoders import Encoders, bundled_image_encoder, bundled_text_encoder, one_by_one
from app.settings import Settings
from domain.evidence import Space
from domain.ports import Chunks, Retriever
from domain.question import Question
from ingest.stores import Stores
from retrievers.closest import closest
from retrievers.cross_encoded import CrossEncoded, Scores
from retrievers.fused import Fused
from retrievers.hydrated import Joined
from retrievers.learned import Learned, looks_at_regions, shipped
from retrievers.reranked import Rank, Reranked, in_turn
from retrievers.stamped import Stamped
from retrievers.vector import SHORT, Look, VectorRetriever, seeing_images, seeing_text
from retrievers.words import WordsRetriever
from system.outages import Outages

Normalise = Callable[[bytes], Awaitable[bytes]]  # an uploaded picture → a plain one


@dataclass(frozen=True, slots=True)
class Reranker:
    """A model that scores question and passage together; `most`: how many of the best candidates it scores."""

    scores: Scores
    most: int


def _cross_encoder(settings: Settings) -> Reranker:
    return Reranker(cross_encoder.load_cross_encoder().scores, cross_encoder.MOST)


def _none(settings: Settings) -> None:
    return None


LoadReranker = Callable[[Settings], Reranker | None]  # raises BadConfiguration, ModelUnavailable

RERANKERS: Sequence[Option[LoadReranker]] = (
    Option(lambda settings: settings.models == "standard", _cross_encoder),
    Option(always, _none),
)


async def retrieval(
    settings: Settings, stores: Stores, encoders: Encoders, normalise: Normalise, outages: Outages
) -> Joined:
    fused = fused_ways(settings, stores, encoders, normalise, outages)
    return Joined(await reranked(settings, fused, stores.catalogue.chunks), stores.catalogue.chunks)


def fused_ways(
    settings: Settings, stores: Stores, encoders: Encoders, normalise: Normalise, outages: Outages | None = None
) -> Fused:
    """If the service runs other models, the bundled ones are loaded for collections that were encoded with them."""
    text, image, insists = encoders.text, encoders.image, "words" not in settings.spaces

    def by_text(name: str, look: Look) -> VectorRetriever:
        return VectorRetriever("text", name, look, stores.vectors, stores.kept)

    def by_image(name: str, look: Look) -> VectorRetriever:
        return VectorRetriever("image", name, look, stores.vectors, stores.kept)

    def bundled_text(name: str) -> Retriever | None:
        former = bundled_text_encoder(settings, name)
        return None if former is None else by_text(name, seeing_text(former, one_by_one(former.encode)))

    def bundled_image(name: str) -> Retriever | None:
        former = bundled_image_encoder(settings, name)
        if former is None:
            return None
        return by_image(name, seeing_images(former, one_by_one(former.encode_texts), normalise))

    own_text = by_text(text.name, seeing_text(text, encoders.questions.encode))
    own_image = by_image(image.name, seeing_images(image, encoders.of_pictures.encode, normalise))
    ways: dict[Space, Retriever] = {
        "words": WordsRetriever(stores.words),
        "text": Stamped("text", text.name, own_text, bundled_text, insists),
        "image": Stamped("image", image.name, own_image, bundled_image, insists),
    }
    return Fused({space: way for space, way in ways.items() if space in settings.spaces}, outages=outages)


async def reranked(
    settings: Settings, fused: Retriever, chunks: Chunks, rerankers: Sequence[Option[LoadReranker]] = RERANKERS
) -> Retriever:
    """Reranks by learned weights, then by a model if the settings choose one."""
    if not settings.rerank:
        return fused
    ranking = shipped()
    rank: Rank = closest(Learned(ranking.weights), ExtractiveReader().best_fits)
    model = await asyncio.to_thread(chosen(rerankers, settings), settings)
    if model is not None:
        rank = in_turn(rank, CrossEncoded(model.scores), model.most)
    return Reranked(fused, chunks, rank, spread=ranking.spread, placed=looks_at_regions)


def coming(settings: Settings, encoders: Encoders, question: Question) -> None:
    """Tells the encoders of a waiting question, so that it is encoded with the next batch."""
    about = question.about.text
    if "text" in settings.spaces and len(about) <= SHORT and encoders.text.sees(about):
        encoders.questions.coming(about)
    if "image" in settings.spaces:
        encoders.of_pictures.coming(about)
