"""Re-embeds a collection with the encoders that this service runs, on request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Literal, cast

from app.services.upkeep.reconcile import begin_reindex
from domain.documents import Collection
from domain.errors import Conflict, Missing
from domain.evidence import Space
from domain.ports import Collections, Queueing, Reindexes

Models = Literal["bundled", "standard"]


class Reindex:
    def __init__(
        self,
        collections: Collections,
        reindexes: Reindexes,
        jobs: Queueing,
        models: Models,
        encoders: Mapping[Space, str],
    ) -> None:
        self._collections = collections
        self._reindexes = reindexes
        self._jobs = jobs
        self._models = models
        self._encoders = {str(space): name for space, name in encoders.items()}

    async def begin(self, name: str, models: Models | None = None) -> Collection:
        """The collection, with a `reindex` that runs from now on or ran already; with none where its vectors are of
        these encoders. `models`: the models that the caller expects. Raises Missing, Conflict."""
        if models is not None and models != self._models:
            raise Conflict(
                f"This service runs the {self._models} models: start it with EXHIBIT_MODELS={models}, then reindex."
            )
        collection = await asyncio.to_thread(self._collections.find, name)
        return await begin_reindex(self._reindexes, self._jobs, collection.id, self._encoders)


def coming_encoders(collections: Collections, collection_id: str) -> Mapping[Space, str]:
    """The encoders that a collection is being re-embedded with. A re-embedding that failed counts too: the next request
    continues it."""
    try:
        reindex = collections.find_by_id(collection_id).reindex
    except Missing:
        return {}
    return {} if reindex is None else {cast(Space, space): name for space, name in reindex.encoders.items()}
