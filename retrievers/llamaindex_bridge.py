"""Exhibit as a retriever of LlamaIndex: each piece of evidence is a node with its page and regions, or an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import ImageNode, NodeWithScore, QueryBundle, TextNode

from retrievers.bridges import FoundPiece, Source, pixels_of, run


class LlamaIndexRetriever(BaseRetriever):
    """A `BaseRetriever`; what has a picture is an `ImageNode` with its text, so that text synthesizers read it too."""

    def __init__(self, source: Source) -> None:
        self._source = source
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return _nodes(run(self._source.pieces(query_bundle.query_str)))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return _nodes(await self._source.pieces(query_bundle.query_str))


ExhibitRetriever = LlamaIndexRetriever  # so that a change of framework is a change of the import alone

_ABOUT = ("id", "document_id", "regions", "place", "image_url", "page_url", "found_by", "ranks", "image")


def _nodes(pieces: Sequence[FoundPiece]) -> list[NodeWithScore]:
    return [NodeWithScore(node=_node(one), score=one.score) for one in pieces]


def _node(one: FoundPiece) -> TextNode:
    """The model reads document, page and kind beside the text; the other metadata is for showing the answer."""
    about: dict[str, Any] = {
        "id_": one.id,
        "text": one.text,
        "metadata": dict(one.metadata),
        "excluded_llm_metadata_keys": list(_ABOUT),
        "excluded_embed_metadata_keys": list(_ABOUT),
    }
    if one.metadata["kind"] not in ("figure", "image"):
        return TextNode(**about)
    return ImageNode(**about, image=pixels_of(one).get("image"), image_url=one.metadata["image_url"])
