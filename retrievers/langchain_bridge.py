"""Exhibit as a retriever of LangChain: each piece of evidence is a `Document` with its page, regions and picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from retrievers.bridges import FoundPiece, pixels_of, run


class LangChainRetriever(BaseRetriever):
    """A `BaseRetriever`; pixels, where they were fetched, are base64 in `metadata["image"]`."""

    source: Any  # a `Source`, which pydantic can't check: it is a Protocol

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return _documents(run(self.source.pieces(query)))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return _documents(await self.source.pieces(query))


ExhibitRetriever = LangChainRetriever  # so that a change of framework is a change of the import alone


def _documents(pieces: Sequence[FoundPiece]) -> list[Document]:
    return [
        Document(id=one.id, page_content=one.text, metadata={**one.metadata, "score": one.score, **pixels_of(one)})
        for one in pieces
    ]
